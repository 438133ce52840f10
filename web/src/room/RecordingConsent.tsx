import { Button, Group, Modal, Text } from '@mantine/core'
import { memo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useStorePart } from '../ui/store'
import classes from './RoomPage.module.css'
import type { RoomSession } from './session'

interface RecordingConsentProps {
  session: RoomSession
  canLeave: boolean
}

/** Asks whether the person may be recorded, where their organization asks. Until they agree, nothing of them is sent. */
export const RecordingConsent = memo(function RecordingConsent({ session, canLeave }: RecordingConsentProps) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const consent = useStorePart(session.state, ({ self }) => self?.consent ?? null)
  const company = useStorePart(session.state, ({ room }) => room?.companyName ?? '')
  const ended = useStorePart(session.state, ({ phase }) => phase === 'ended')
  const answer = async (agrees: boolean) => {
    // The second click of two comes before the button is drawn as busy.
    if (busy) return
    setBusy(true)
    await session.answerRecording(agrees)
    setBusy(false)
  }
  return (
    <>
      {consent === 'declined' && (
        <div className={classes.banner} role="status" data-testid="unrecorded">
          <span>{t('consent.declined')}</span>
          <Button
            size="compact-xs"
            variant="default"
            disabled={busy}
            onClick={() => void answer(true)}
            data-testid="agree-after-all"
          >
            {t('consent.agreeAfterAll')}
          </Button>
        </div>
      )}
      <Modal
        opened={consent === 'asked' && !ended}
        onClose={() => undefined}
        title={t('consent.title')}
        withCloseButton={false}
        closeOnEscape={false}
        closeOnClickOutside={false}
        centered
      >
        {/* Not a button: somebody who is writing when the question comes does not answer it by that. */}
        <Text mb="sm" tabIndex={-1} data-autofocus>
          {t('consent.text', { company })}
        </Text>
        <Text mb="lg">{t('consent.without')}</Text>
        <Group justify="flex-end">
          {canLeave && (
            <Button variant="subtle" onClick={() => session.leave()} data-testid="consent-leave">
              {t('controls.leave')}
            </Button>
          )}
          <Button
            variant="default"
            disabled={busy}
            onClick={() => void answer(false)}
            data-testid="consent-decline"
          >
            {t('consent.decline')}
          </Button>
          <Button disabled={busy} onClick={() => void answer(true)} data-testid="consent-agree">
            {t('consent.agree')}
          </Button>
        </Group>
      </Modal>
    </>
  )
})
