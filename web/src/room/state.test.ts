import { describe, expect, it } from 'vitest'
import type { ChatMessage, Joined, Participant, Permissions, Room } from '../signalling/messages'
import { counts, INITIAL_STATE, missing, type RoomEvent, type RoomState, reduce } from './state'

const PERMISSIONS: Permissions = {
  voice: true,
  video: true,
  screen: true,
  chat: true,
  chatBroadcast: false,
  promote: false,
}

const ROOM: Room = {
  id: 'r',
  displayName: 'Library',
  companyName: 'Demo',
  mode: 'normal',
  recording: false,
  toBeRecorded: false,
  locked: false,
  forbidden: [],
}

function person(id: string, change: Partial<Participant> = {}): Participant {
  return {
    id,
    userId: `user-${id}`,
    displayName: id,
    isGuest: true,
    isModerator: false,
    isSpectator: false,
    microphone: false,
    camera: false,
    screen: false,
    state: 'connected',
    ...change,
  }
}

function text(id: string, from: string): ChatMessage {
  return { id, kind: 'room', from, fromName: from, text: 'hello', at: '2026-01-01T10:00:00Z' }
}

const waiter = (id: string) => ({
  id,
  displayName: id,
  isGuest: true,
  since: '2026-01-01T10:00:00Z',
})

function joined(change: Partial<Joined> = {}): Joined {
  return {
    type: 'joined',
    id: '1',
    participantId: 'me',
    resume: 'secret',
    resumed: false,
    room: ROOM,
    participants: [],
    self: person('me'),
    permissions: PERMISSIONS,
    spectators: { count: 0 },
    chat: [],
    iceServers: [],
    mediaAvailable: true,
    canRecord: true,
    ...change,
  }
}

function stateAfter(...events: RoomEvent[]): RoomState {
  return events.reduce(reduce, INITIAL_STATE)
}

const kinds = (state: RoomState) => state.notices.map(({ kind }) => kind)

describe('the state of a room', () => {
  it('follows those who watch by what is new, as long as one moderates', () => {
    const watcher = (id: string) => ({ id, displayName: id })
    const [ann, ben, cem] = [watcher('ann'), watcher('ben'), watcher('cem')]
    const events: RoomEvent[] = [
      joined({ spectators: { count: 1, list: [ann] } }),
      { type: 'spectators', count: 2, joined: [ben] },
      { type: 'spectators', count: 2, joined: [cem], left: ['ann'] },
    ]
    expect(stateAfter(...events).spectators).toEqual({ count: 2, list: [ben, cem] })
    expect(stateAfter(...events, { type: 'spectators', count: 3 }).spectators).toEqual({ count: 3 })
    const whole: RoomEvent = { type: 'spectators', count: 1, list: [ben] }
    expect(stateAfter(joined(), whole).spectators).toEqual({ count: 1, list: [ben] })
  })

  it('follows people as they come, change and go', () => {
    const state = stateAfter(
      joined({ participants: [person('anna')] }),
      { type: 'participant.joined', participant: person('ben') },
      { type: 'participant.updated', participant: person('anna', { microphone: true }) },
      { type: 'participant.left', participantId: 'ben', reason: 'left' },
    )
    expect(state.participants).toEqual([person('anna', { microphone: true })])
    expect(kinds(state)).toEqual(['joined', 'left'])
  })

  it('never lists oneself among the others', () => {
    const state = stateAfter(joined({ participants: [person('me'), person('anna')] }), {
      type: 'participant.joined',
      participant: person('me'),
    })
    expect(state.participants.map(({ id }) => id)).toEqual(['anna'])
  })

  it('takes an update of someone unknown for an arrival', () => {
    const state = stateAfter(joined(), { type: 'participant.updated', participant: person('anna') })
    expect(state.participants).toHaveLength(1)
  })

  it('announces a raised hand once', () => {
    const raised = person('anna', { handRaisedAt: '2026-01-01T10:00:00Z' })
    const state = stateAfter(
      joined({ participants: [person('anna')] }),
      { type: 'participant.updated', participant: raised },
      { type: 'participant.updated', participant: { ...raised, microphone: true } },
    )
    expect(kinds(state)).toEqual(['hand'])
  })

  it('says what a moderator has given and taken', () => {
    const permissions = { ...PERMISSIONS, voice: false, screen: false, chat: false, chatBroadcast: true }
    const before = stateAfter(joined(), { type: 'self.updated', self: person('me'), permissions })
    expect(before.notices).toEqual([])
    const after = [
      { type: 'moderated', action: 'permissions', byName: 'Mia' } as const,
      { type: 'self.updated', self: person('me'), permissions: { ...PERMISSIONS, video: false } } as const,
    ].reduce<RoomState>(reduce, before)
    const [notice] = after.notices
    expect(notice).toMatchObject({ kind: 'permitted', byName: 'Mia', taken: ['video'] })
    expect(notice).toMatchObject({ given: ['voice', 'screen', 'chat'] })
    const later = reduce(after, { type: 'self.updated', self: person('me'), permissions: PERMISSIONS })
    expect(later.notices).toHaveLength(1)
  })

  it('counts the unread messages of others, each once', () => {
    const state = stateAfter(
      joined(),
      { type: 'chat', message: text('1', 'anna') },
      { type: 'chat', message: text('1', 'anna') },
      { type: 'chat', message: text('2', 'me') },
    )
    expect(state.chat).toHaveLength(2)
    expect(state.unread).toBe(1)
    expect(reduce(state, { type: 'chat.read' }).unread).toBe(0)
  })

  it('keeps the chat over a lost connection, with what was missed meanwhile', () => {
    const state = stateAfter(
      joined({ chat: [text('1', 'anna')] }),
      { type: 'phase', phase: 'reconnecting' },
      { type: 'phase', phase: 'connected' },
      joined({ resumed: true, chat: [text('1', 'anna'), text('2', 'anna')] }),
    )
    expect(state.chat.map(({ id }) => id)).toEqual(['1', '2'])
    expect(state.unread).toBe(1)
    expect(kinds(state)).toEqual(['reconnecting', 'reconnected'])
  })

  it('forgets who spoke when they leave', () => {
    const state = stateAfter(
      joined({ participants: [person('anna')] }),
      { type: 'speaking', participantId: 'anna', speaking: true },
      { type: 'participant.left', participantId: 'anna', reason: 'lost' },
    )
    expect(state.speaking.size).toBe(0)
  })

  it('stays ended, whatever comes after', () => {
    const state = stateAfter(
      joined(),
      { type: 'over', reason: 'removed' },
      { type: 'phase', phase: 'connected' },
    )
    expect(state).toMatchObject({ phase: 'ended', end: 'removed' })
  })

  it('tells moderators who waits, and of each once', () => {
    const inside = reduce(INITIAL_STATE, joined({ waiting: [waiter('Ben')] }))
    expect(inside.waiting.map(({ displayName }) => displayName)).toEqual(['Ben'])
    const more = reduce(inside, { type: 'waiting.updated', waiting: [waiter('Ben'), waiter('Cleo')] })
    expect(more.notices.map(notice => 'name' in notice && notice.name)).toEqual(['Cleo'])
    const self = person('me')
    const demoted = reduce(more, { type: 'self.updated', self, permissions: PERMISSIONS })
    expect(demoted.waiting).toEqual([])
  })

  it('knows that one has waited, also when one is in', () => {
    const room = {
      id: 'r',
      displayName: 'Board',
      companyName: 'Acme',
      mode: 'spectator',
      recording: false,
      toBeRecorded: false,
      locked: false,
      forbidden: [],
    } satisfies Room
    const outside = reduce(INITIAL_STATE, {
      type: 'waiting',
      participantId: 'me',
      room,
      moderatorPresent: false,
    })
    expect(outside.waited).toEqual({ moderatorPresent: false })
    expect(reduce(outside, joined()).waited).not.toBeNull()
  })
})

describe('what a moderator does to everybody', () => {
  const everybody = [
    person('anna', { microphone: true, handRaisedAt: '2026-01-01T10:00:00Z' }),
    person('mia', { isModerator: true, microphone: true }),
  ]
  const inside = joined({ participants: everybody, self: person('me', { microphone: true }) })

  it('mutes all but moderators, who may go on speaking', () => {
    const state = stateAfter(
      inside,
      { type: 'speaking', participantId: 'anna', speaking: true },
      { type: 'speaking', participantId: 'mia', speaking: true },
      { type: 'everybody', action: 'mute', byName: 'mia' },
    )
    expect(state.participants.map(({ microphone }) => microphone)).toEqual([false, true])
    expect(state.self?.microphone).toBe(false)
    expect([...state.speaking]).toEqual(['mia'])
    expect(state.notices.at(-1)).toMatchObject({ kind: 'everybody', action: 'mute', isConcerned: true })
  })

  it('lowers all hands, and says so to those whose was up', () => {
    const state = stateAfter(inside, { type: 'everybody', action: 'lower-hand', byName: 'mia' })
    expect(state.participants.every(({ handRaisedAt }) => !handRaisedAt)).toBe(true)
    expect(state.participants.every(({ microphone }) => microphone)).toBe(true)
    expect(state.notices.at(-1)).toMatchObject({ kind: 'everybody', isConcerned: false })
  })

  it('switches off what is newly forbidden, and nothing on again', () => {
    const room = { ...ROOM, forbidden: ['voice' as const] }
    const forbidden = stateAfter(inside, { type: 'room.updated', room, byName: 'mia' })
    expect(forbidden.participants.map(({ microphone }) => microphone)).toEqual([false, true])
    expect(forbidden.notices.at(-1)).toMatchObject({ kind: 'rules', taken: ['voice'], given: [] })
    const allowed = reduce(forbidden, { type: 'room.updated', room: ROOM, byName: 'mia' })
    expect(allowed.participants.map(({ microphone }) => microphone)).toEqual([false, true])
    expect(allowed.notices.at(-1)).toMatchObject({ kind: 'rules', taken: [], given: ['voice'] })
  })

  it('is told once, and not when the room is another for other reasons', () => {
    const locked = { ...ROOM, locked: true }
    const state = stateAfter(
      inside,
      { type: 'room.updated', room: locked, byName: 'mia' },
      { type: 'room.updated', room: { ...locked, recording: true } },
    )
    expect(kinds(state)).toEqual(['locked'])
    expect(state.room?.recording).toBe(true)
  })

  it('is told who has the room recorded, and who has stopped that', () => {
    const recorded = { ...ROOM, toBeRecorded: true }
    const state = stateAfter(
      inside,
      { type: 'room.updated', room: recorded, byName: 'mia' },
      { type: 'room.updated', room: { ...recorded, recording: true } },
      { type: 'room.updated', room: { ...ROOM, recording: true }, byName: 'mia' },
      { type: 'room.updated', room: ROOM },
    )
    expect(kinds(state)).toEqual(['recorded', 'unrecorded'])
  })

  it('takes in many who may do something else, at once', () => {
    const permissions = { ...PERMISSIONS, voice: false }
    const state = stateAfter(inside, {
      type: 'participants.updated',
      participants: everybody.map(one => ({ ...one, permissions })),
    })
    expect(state.participants.map(one => one.permissions?.voice)).toEqual([false, false])
  })
})

describe('people of one name', () => {
  it('are numbered as they come and go', () => {
    const [one, other] = [person('a', { displayName: 'Anna' }), person('b', { displayName: 'Anna' })]
    const both = stateAfter(joined({ participants: [one] }), {
      type: 'participant.joined',
      participant: other,
    })
    expect([...both.numbers]).toEqual([
      ['a', 1],
      ['b', 2],
    ])
    const same = reduce(both, { type: 'participant.updated', participant: { ...one, microphone: true } })
    expect(same.numbers).toBe(both.numbers)
    const alone = reduce(same, { type: 'participant.left', participantId: 'b', reason: 'left' })
    expect(alone.numbers.size).toBe(0)
  })
})

describe('who is here', () => {
  const presents = person('me', { isModerator: true })
  const watches = person('me', { isSpectator: true })
  const promotes = { ...PERMISSIONS, promote: true }
  const anna = person('anna')

  it.each([
    ['nobody else', joined(), { active: 1, watching: 0 }, 'everybody'],
    ['somebody else', joined({ participants: [anna] }), { active: 2, watching: 0 }, null],
    [
      'one who watches',
      joined({ self: presents, spectators: { count: 1 } }),
      { active: 1, watching: 1 },
      'listed',
    ],
    [
      'oneself, watching',
      joined({ self: watches, spectators: { count: 1 } }),
      { active: 0, watching: 1 },
      'everybody',
    ],
    [
      'two who watch',
      joined({ self: watches, spectators: { count: 2 } }),
      { active: 0, watching: 2 },
      'presenters',
    ],
    [
      'one who watches another',
      joined({ self: watches, participants: [anna], spectators: { count: 1 } }),
      { active: 1, watching: 1 },
      null,
    ],
    [
      'one who waits',
      joined({ self: presents, permissions: promotes, waiting: [waiter('ben')] }),
      { active: 1, watching: 0 },
      null,
    ],
  ])('%s', (_, message, expected, without) => {
    const state = stateAfter(message)
    expect(counts(state)).toEqual(expected)
    expect(missing(state)).toBe(without)
  })
})
