import { Alert, Anchor, Button, Stack, Text, TextInput, Title } from '@mantine/core'
import { type FormEvent, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { formatDateTime } from '../i18n/format'
import { DeviceSelects } from '../media/DeviceSelects'
import type { LocalMedia } from '../media/localMedia'
import { loadSettings } from '../media/settings'
import { Agenda } from '../meeting/Agenda'
import { Listening } from '../meeting/Listening'
import type { RoomState } from '../room/state'
import { ConnectionMark } from '../ui/ConnectionMark'
import { IconArrowLeft } from '../ui/icons'
import { PageFrame } from '../ui/PageFrame'
import { useStore } from '../ui/store'
import classes from './Lobby.module.css'
import { Preview } from './Preview'
import { refusalText } from './refusal'
import type { Destination, Preparation } from './visit'

interface LobbyProps {
  destination: Destination
  visit: { local: LocalMedia; preparation: Preparation }
  joining?: boolean
  refusal?: RoomState['refusal']
  name?: string
  /** Set while a full room is tried again and again. */
  onStopWaiting?: () => void
  onJoin: (name: string) => void
  onBack?: () => void
}

const NAME_LIMIT = 100
/** Time that the name must rest before a token is fetched for it, in milliseconds. */
const NAME_SETTLES = 500

/** The page before the room: a name, the devices, and the button. */
export function Lobby(props: LobbyProps) {
  const { t } = useTranslation()
  const { destination, visit, joining = false, refusal, name, onStopWaiting, onJoin, onBack } = props
  const { roomName, companyName, fixedName, asksName, validUntil, facts, agenda, listens, waits } =
    destination
  const [typed, setTyped] = useState(
    () => name || fixedName || destination.givenName || (asksName ? loadSettings().displayName : ''),
  )
  const [missing, setMissing] = useState(false)
  const { microphone, camera, problems } = useStore(visit.local.state)
  const chosenName = (fixedName ?? typed).trim()
  const { approach } = visit.preparation

  useEffect(() => {
    if (joining || !chosenName) return
    const timer = window.setTimeout(() => approach(chosenName), NAME_SETTLES)
    return () => window.clearTimeout(timer)
  }, [chosenName, joining, approach])

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (joining) return
    if (asksName && !chosenName) {
      setMissing(true)
      document.getElementById('display-name')?.focus()
      return
    }
    onJoin(chosenName)
  }

  const mediaMissing = !listens && !microphone && !camera && Boolean(problems.microphone && problems.camera)
  const error = refusal ? refusalText(t, refusal.code, refusal.details) : null
  return (
    <PageFrame
      title={roomName ? t('join.title', { room: roomName }) : t('join.titlePlain')}
      width={64}
      centred
    >
      {onBack && (
        <Anchor component="button" type="button" onClick={onBack} mb="sm" className={classes.back}>
          <IconArrowLeft size={18} aria-hidden /> {t('common.back')}
        </Anchor>
      )}
      <form onSubmit={submit} noValidate className={`${classes.columns} ${agenda ? classes.withAgenda : ''}`}>
        {listens ? <Listening /> : <Preview local={visit.local} name={chosenName} />}
        <Stack gap="md" className={classes.side}>
          <div>
            {companyName && (
              <Text c="var(--sr-muted)">
                {t(facts ? 'meeting.invited' : 'join.invited', { company: companyName })}
              </Text>
            )}
            <Title
              order={1}
              size="h2"
              style={{ overflowWrap: 'anywhere' }}
              data-testid={facts ? 'meeting-topic' : undefined}
            >
              {roomName === null ? t('join.titlePlain') : <bdi>{roomName}</bdi>}
            </Title>
            {destination.privacyLink && (
              <Anchor
                href={destination.privacyLink}
                target="_blank"
                rel="noopener noreferrer"
                size="sm"
                data-testid="privacy"
              >
                {t('organization.privacy')}
              </Anchor>
            )}
            {validUntil && (
              <Text size="sm" c="var(--sr-muted)">
                {t('join.validUntil', { date: formatDateTime(validUntil) })}
              </Text>
            )}
            {facts}
          </div>
          {(asksName || fixedName) && (
            <TextInput
              id="display-name"
              data-testid="display-name"
              size="md"
              label={t('join.name')}
              placeholder={t('join.namePlaceholder')}
              autoComplete="name"
              maxLength={NAME_LIMIT}
              required={asksName}
              withAsterisk={false}
              readOnly={fixedName !== null}
              value={fixedName ?? typed}
              error={missing && !chosenName ? t('join.nameMissing') : undefined}
              onChange={event => setTyped(event.currentTarget.value)}
            />
          )}
          <DeviceSelects local={visit.local} listens={listens} />
          {waits && (
            <Text size="sm" c="var(--sr-muted)">
              {t('waiting.before')}
            </Text>
          )}
          {error && (
            <Alert color="red" variant="light" role="alert" data-testid="error-message">
              {error}
              {onStopWaiting && (
                <>
                  {` ${t('join.triesAgain')} `}
                  <Anchor
                    component="button"
                    type="button"
                    size="sm"
                    onClick={onStopWaiting}
                    data-testid="stop-trying"
                  >
                    {t('join.stopTrying')}
                  </Anchor>
                </>
              )}
            </Alert>
          )}
          <div className={classes.enter}>
            <Button
              type="submit"
              size="lg"
              fullWidth
              data-testid="join"
              loading={joining}
              onPointerEnter={() => approach(chosenName)}
              onFocus={() => approach(chosenName)}
            >
              {waits ? t('waiting.ask') : mediaMissing ? t('join.submitWithout') : t('join.submit')}
            </Button>
          </div>
          {joining && <ConnectionMark phase="connecting" text={t('join.joining')} />}
          {refusal && <ConnectionMark phase="ended" text="" />}
        </Stack>
        {agenda && <Agenda text={agenda} />}
      </form>
    </PageFrame>
  )
}
