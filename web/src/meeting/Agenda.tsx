import { useTranslation } from 'react-i18next'
import { LinkedText } from '../room/LinkedText'
import classes from './Meeting.module.css'

/** What a meeting is about, as its organizer has written it. */
export function Agenda({ text }: { text: string }) {
  const { t } = useTranslation()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section className={classes.agenda} aria-label={t('meeting.agenda')} tabIndex={0} data-testid="agenda">
      <LinkedText text={text} />
    </section>
  )
}
