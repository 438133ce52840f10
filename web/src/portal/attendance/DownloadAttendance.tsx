import { Alert, Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { IconDownload } from '../../ui/icons'
import { problemText } from '../problemText'
import { saveFile } from '../saveFile'
import { attendanceFile, fileName, ownZone, type Stay } from './attendanceTable'

interface DownloadAttendanceProps {
  /** Name of the room or meeting that the stays were in. */
  name: string
  load: () => Promise<readonly Stay[]>
}

/** Makes a file for spreadsheets of all stays, which are loaded for it. */
export function DownloadAttendance({ name, load }: DownloadAttendanceProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const mutationKey = ['attendance-file']
  const making = useMutation({
    mutationKey,
    mutationFn: load,
    onSuccess: stays => saveFile(fileName(t, name), attendanceFile(t, stays, ownZone())),
  })
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconDownload size={16} aria-hidden />}
        loading={making.isPending}
        onClick={() => {
          // The second click of two comes before the button is drawn as busy.
          if (!queries.isMutating({ mutationKey })) making.mutate()
        }}
        data-testid="download-attendance"
      >
        {t('attendance.download')}
      </Button>
      {making.error && (
        <Alert color="red" role="alert" data-testid="error-message">
          {problemText(t, making.error)}
        </Alert>
      )}
    </>
  )
}
