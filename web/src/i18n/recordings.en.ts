/** Texts of the page of recordings. */
export const recordingsEn = {
  whose: 'Recordings of whose meetings',
  failed: 'The recordings cannot be loaded.',
  empty:
    'There are no recordings yet. Tick “Record it” when you make a meeting: what was said and shown stands here some minutes after its end.',
  kept_one: 'Recordings are deleted one day after the end of their meeting.',
  kept_other: 'Recordings are deleted {{count}} days after the end of their meeting.',
  link: 'The address of a film on this page is good for 12 hours.',
  name: '{{topic}}, {{time}}',
  deleteOf: 'Delete the recording {{name}}',
  confirm:
    'Delete this recording of “{{topic}}”? Its film goes along and cannot be brought back; the meeting itself stays.',
  deleted: 'The recording of “{{topic}}” is deleted.',
}
