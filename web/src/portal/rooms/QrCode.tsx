import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { qrPicture } from './qrPath'

/** A link to be read by the camera of a phone. */
export default function QrCode({ link }: { link: string }) {
  const { t } = useTranslation()
  const { size, path } = useMemo(() => qrPicture(link), [link])
  return (
    <svg
      role="img"
      aria-label={t('roomAdministration.links.qrLabel')}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      style={{ display: 'block', width: 'min(100%, 16rem)', margin: '0.5rem auto', background: '#ffffff' }}
      data-testid="qr-code"
      data-link={link}
    >
      <path d={path} fill="#000000" />
    </svg>
  )
}
