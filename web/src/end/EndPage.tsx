import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { refusalText } from '../join/refusal'
import type { RoomState } from '../room/state'
import { MessagePage } from '../ui/MessagePage'

interface EndPageProps {
  end: NonNullable<RoomState['end']>
  refusal: RoomState['refusal']
  roomName: string
  /** Straight back in. */
  onRejoin: () => void
  /** Back to the choice of name and devices. */
  onStart: () => void
  onBack?: () => void
}

/** After the room: why it is over, and the ways on from here. */
export function EndPage({ end, refusal, onRejoin, onStart, onBack }: EndPageProps) {
  const { t } = useTranslation()
  const back = onBack && (
    <Button variant="default" onClick={onBack}>
      {t('common.back')}
    </Button>
  )
  if (end === 'left' || end === 'replaced') {
    return (
      <MessagePage
        title={t(`end.${end}`)}
        text={t(`end.${end}Text`)}
        actions={
          <>
            <Button onClick={onRejoin} data-testid="rejoin">
              {end === 'left' ? t('end.rejoin') : t('end.here')}
            </Button>
            {back}
          </>
        }
      />
    )
  }
  const text =
    end === 'refused' ? refusalText(t, refusal?.code ?? 'not_allowed', refusal?.details) : t(`end.${end}Text`)
  return (
    <MessagePage
      isError
      title={t(`end.${end}`)}
      text={text}
      actions={
        <>
          <Button variant="default" onClick={onStart}>
            {t('end.joinPage')}
          </Button>
          {back}
        </>
      }
    />
  )
}
