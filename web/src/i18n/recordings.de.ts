import type { recordingsEn } from './recordings.en'

export const recordingsDe: typeof recordingsEn = {
  whose: 'Aufzeichnungen wessen Meetings',
  failed: 'Die Aufzeichnungen lassen sich nicht laden.',
  empty:
    'Noch gibt es keine Aufzeichnungen. Kreuzen Sie „Aufzeichnen“ an, wenn Sie ein Meeting anlegen: Was gesagt und gezeigt wurde, steht einige Minuten nach dem Ende hier.',
  kept_one: 'Aufzeichnungen werden einen Tag nach dem Ende ihres Meetings gelöscht.',
  kept_other: 'Aufzeichnungen werden {{count}} Tage nach dem Ende ihres Meetings gelöscht.',
  link: 'Die Adresse eines Films auf dieser Seite gilt 12 Stunden.',
  name: '{{topic}}, {{time}}',
  deleteOf: '{{name}}: Aufzeichnung löschen',
  confirm:
    'Diese Aufzeichnung von „{{topic}}“ löschen? Ihr Film geht mit und lässt sich nicht zurückholen; das Meeting selbst bleibt.',
  deleted: 'Die Aufzeichnung von „{{topic}}“ ist gelöscht.',
}
