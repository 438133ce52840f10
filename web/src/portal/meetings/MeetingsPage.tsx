import type { SignedIn } from '../../api/account'
import { AgendaPage } from './AgendaPage'
import { ChangeMeetingPage } from './ChangeMeetingPage'
import { dateOf } from './days'
import { NewMeetingPage } from './NewMeetingPage'
import { OneMeetingPage } from './OneMeetingPage'

interface MeetingsPageProps {
  me: SignedIn
  /** `week` or `month` and a day of it, `new` and perhaps a day, `one`, an id and perhaps `change`. */
  rest: readonly string[]
}

/** The pages of meetings: a list and a calendar, making one, one of them, and changing it. */
export function MeetingsPage({ me, rest: [part, which = '', what] }: MeetingsPageProps) {
  if (part === 'new') return <NewMeetingPage me={me} day={which} />
  if (part === 'one' && which) {
    return what === 'change' ? (
      <ChangeMeetingPage key={which} me={me} id={which} />
    ) : (
      <OneMeetingPage key={which} me={me} id={which} />
    )
  }
  const kind = part === 'week' || part === 'month' ? part : 'list'
  return <AgendaPage me={me} kind={kind} date={dateOf(which) ?? new Date()} />
}
