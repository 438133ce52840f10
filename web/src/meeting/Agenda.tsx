import { Title } from '@mantine/core'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { LinkedText } from '../room/LinkedText'
import classes from './Meeting.module.css'

/** Agenda of a meeting, as its organizer has written it. */
export function Agenda({ text }: { text: string }) {
  const { t } = useTranslation()
  const title = useId()
  return (
    <div>
      <Title order={2} size="h5" id={title} mb={6}>
        {t('meeting.agenda')}
      </Title>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <section className={classes.agenda} aria-labelledby={title} tabIndex={0} data-testid="agenda">
        <LinkedText text={text} />
      </section>
    </div>
  )
}
