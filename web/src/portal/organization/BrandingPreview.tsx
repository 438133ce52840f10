import { Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { readableOn, standsOutFromWhite } from '../../ui/branding'
import { BrandPlate } from '../../ui/Logo'
import classes from './BrandingForm.module.css'

const BUTTON = '#1864ab'
const EDGE = '#5c6370'

interface BrandingPreviewProps {
  name: string
  title: string
  /** Like #1864ab, or empty. */
  colour: string
  /** Its address, or empty. */
  logo: string
  mailText: string
}

/** The branding as it will be seen at the head of a page and in a mail. */
export function BrandingPreview({ name, title, colour, logo, mailText }: BrandingPreviewProps) {
  const { t } = useTranslation()
  const branding = {
    isInRooms: false,
    isAlone: false,
    ...(title && { title }),
    ...(colour && { colour }),
    ...(logo && { logo }),
  }
  const ground = colour || '#ffffff'
  const button = colour || BUTTON
  const edgeOf = (one: string) => (standsOutFromWhite(one) ? one : EDGE)
  return (
    <Stack gap="xs" component="section" aria-label={t('organization.branding.preview')} data-testid="preview">
      <Text size="sm" c="var(--sr-muted)">
        {t('organization.branding.onPages')}
      </Text>
      <div className={classes.shown} style={colour ? { borderTopColor: colour } : undefined}>
        {title || logo ? <BrandPlate branding={branding} /> : <Text>–</Text>}
      </div>
      <Text size="sm" c="var(--sr-muted)">
        {t('organization.branding.inMails')}
      </Text>
      <div className={classes.mail}>
        {(title || logo || colour) && (
          <div
            className={classes.head}
            style={{
              background: ground,
              color: readableOn(ground),
              borderColor: colour ? edgeOf(colour) : '#dee2e6',
            }}
            data-testid="preview-mail"
          >
            {logo && <img src={logo} alt={title ? '' : name} />}
            {(title || !logo) && <bdi>{title || name}</bdi>}
          </div>
        )}
        <div className={classes.body}>
          <span
            className={classes.button}
            style={{ background: button, color: readableOn(button), borderColor: edgeOf(button) }}
          >
            {t('organization.branding.button')}
          </span>
          {mailText && (
            <p className={classes.text} data-testid="preview-mail-text">
              {mailText}
            </p>
          )}
        </div>
      </div>
    </Stack>
  )
}
