/** Texts of the page of recordings. */
export const recordingsEn = {
  whose: 'Whose recordings',
  failed: 'The recordings cannot be loaded.',
  empty:
    'There are no recordings yet. Tick “Record it” when you make a meeting, or start a recording in a room that you moderate: what was said and shown stands here some minutes after its end.',
  noneOfIt: 'There are no recordings of it, or none that you may see.',
  all: 'All recordings',
  toThose: 'Recordings of this room',
  ofOneRoom: 'Recordings of one room',
  ofOneMeeting: 'Recordings of one meeting',
  ofRoom: 'Recordings of the room “{{title}}”',
  ofMeeting: 'Recordings of the meeting “{{title}}”',
  ofThisRoom: 'Only of this room',
  ofThisMeeting: 'Only of this meeting',
  failure: {
    unreadable: 'Nothing of it could be read.',
    not_made: 'The program that makes films has failed.',
    timed_out: 'It took too long.',
    disk_full: 'The server had no room left on its disk.',
    disk: 'The disk of the server has failed.',
  },
  kept_one:
    'Recordings are deleted one day after the end of their meeting, those of rooms one day after their own.',
  kept_other:
    'Recordings are deleted {{count}} days after the end of their meeting, those of rooms after their own.',
  link: 'The address of a film on this page is good for 12 hours.',
  name: '{{title}}, {{time}}',
  deleteOf: 'Delete the recording {{name}}',
  confirm:
    'Delete this recording of “{{title}}”? Its film goes along and cannot be brought back; the meeting itself stays.',
  confirmOfRoom:
    'Delete this recording of “{{title}}”? Its film goes along and cannot be brought back; the room itself stays.',
  deleted: 'The recording of “{{title}}” is deleted.',
}
