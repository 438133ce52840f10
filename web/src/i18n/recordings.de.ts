import type { recordingsEn } from './recordings.en'

export const recordingsDe: typeof recordingsEn = {
  whose: 'Wessen Aufzeichnungen',
  failed: 'Die Aufzeichnungen lassen sich nicht laden.',
  empty:
    'Noch gibt es keine Aufzeichnungen. Kreuzen Sie „Aufzeichnen“ an, wenn Sie ein Meeting anlegen, oder starten Sie eine Aufzeichnung in einem Raum, den Sie moderieren: Was gesagt und gezeigt wurde, steht einige Minuten nach dem Ende hier.',
  noneOfIt: 'Davon gibt es keine Aufzeichnungen, oder keine, die Sie sehen dürfen.',
  all: 'Alle Aufzeichnungen',
  toThose: 'Aufzeichnungen dieses Raums',
  ofOneRoom: 'Aufzeichnungen eines Raums',
  ofOneMeeting: 'Aufzeichnungen eines Meetings',
  ofRoom: 'Aufzeichnungen des Raums „{{title}}“',
  ofMeeting: 'Aufzeichnungen des Meetings „{{title}}“',
  ofThisRoom: 'Nur von diesem Raum',
  ofThisMeeting: 'Nur von diesem Meeting',
  failure: {
    unreadable: 'Nichts davon war lesbar.',
    not_made: 'Das Programm, das Filme herstellt, ist gescheitert.',
    timed_out: 'Es hat zu lange gedauert.',
    disk_full: 'Auf der Festplatte des Servers war kein Platz mehr.',
    disk: 'Die Festplatte des Servers hat versagt.',
  },
  kept_one:
    'Aufzeichnungen werden einen Tag nach dem Ende ihres Meetings gelöscht, die von Räumen einen Tag nach ihrem eigenen.',
  kept_other:
    'Aufzeichnungen werden {{count}} Tage nach dem Ende ihres Meetings gelöscht, die von Räumen nach ihrem eigenen.',
  link: 'Die Adresse eines Films auf dieser Seite gilt 12 Stunden.',
  name: '{{title}}, {{time}}',
  deleteOf: '{{name}}: Aufzeichnung löschen',
  confirm:
    'Diese Aufzeichnung von „{{title}}“ löschen? Ihr Film geht mit und lässt sich nicht zurückholen; das Meeting selbst bleibt.',
  confirmOfRoom:
    'Diese Aufzeichnung von „{{title}}“ löschen? Ihr Film geht mit und lässt sich nicht zurückholen; der Raum selbst bleibt.',
  deleted: 'Die Aufzeichnung von „{{title}}“ ist gelöscht.',
}
