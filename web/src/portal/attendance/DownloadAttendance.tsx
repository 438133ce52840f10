import { useTranslation } from 'react-i18next'
import { DownloadFile } from '../DownloadFile'
import { attendanceFile, fileName, ownZone, type Stay } from './attendanceTable'

interface DownloadAttendanceProps {
  /** Name of the room or meeting that the stays were in. */
  name: string
  load: () => Promise<readonly Stay[]>
}

/** Makes a file for spreadsheets of all stays, which are loaded for it. */
export function DownloadAttendance({ name, load }: DownloadAttendanceProps) {
  const { t } = useTranslation()
  return (
    <DownloadFile
      of="attendance"
      label={t('attendance.download')}
      make={async () => ({ name: fileName(t, name), text: attendanceFile(t, await load(), ownZone()) })}
    />
  )
}
