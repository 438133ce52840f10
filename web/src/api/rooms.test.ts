import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { account } from './account'
import { roomsToShow } from './rooms'

const SIGNED_IN = {
  state: 'in' as const,
  userId: 'ada',
  companyId: 'acme',
  companyIds: ['acme'],
  permissions: new Set<never>(),
  mayCreateRooms: false,
  accessToken: 'good',
}
const PAGE = { following: {}, isWhole: false, hasMore: false }

/** Requests that have come: the bodies of those for the tree, and how many rooms the others were for. */
interface Asked {
  trees: object[]
  rooms: number[]
}

/** A server with a tree of these rooms, of which some are deleted before anybody asks for more than their ids. */
function serve(roomIds: string[], deleted: string[] = []): Asked {
  const asked: Asked = { trees: [], rooms: [] }
  const answer = (path: string, body: { filterRoomIds?: string[] }): object => {
    if (path === '/client/rooms') {
      asked.trees.push(body)
      return { ...PAGE, roomIds }
    }
    const ids = body.filterRoomIds ?? []
    asked.rooms.push(ids.length)
    const left = ids.filter(id => !deleted.includes(id))
    return { rooms: Object.fromEntries(left.map(id => [id, { displayName: `Room ${id}` }])) }
  }
  vi.stubGlobal('fetch', async (path: string, { body }: { body: string }) =>
    Response.json(answer(path, JSON.parse(body))),
  )
  return asked
}

describe('the rooms to show', () => {
  beforeEach(() => account.set({ ...SIGNED_IN, expiresAt: Date.now() + 3_600_000 }))

  afterEach(() => {
    vi.unstubAllGlobals()
    account.set({ state: 'out' })
  })

  it('are asked for by level, and loaded by their ids', async () => {
    const asked = serve(['a', 'b'])
    const levels = [{ parentId: '' }, { parentId: 'sales', after: { position: 7, roomId: 'x' } }]
    const shown = await roomsToShow({ levels })
    expect(asked).toEqual({ trees: [{ accessToken: 'good', levels }], rooms: [2] })
    expect([...shown.rooms]).toEqual([
      ['a', { displayName: 'Room a' }],
      ['b', { displayName: 'Room b' }],
    ])
    expect(shown).toMatchObject(PAGE)
  })

  it('may be none, which no room is asked for', async () => {
    const asked = serve([])
    expect((await roomsToShow({})).rooms.size).toBe(0)
    expect(asked.rooms).toEqual([])
  })

  it('are without one that is deleted in between', async () => {
    serve(['a', 'b', 'c'], ['b'])
    expect([...(await roomsToShow({})).rooms.keys()]).toEqual(['a', 'c'])
  })

  it('are loaded by the thousand where a hundred levels are open', async () => {
    const asked = serve(Array.from({ length: 10_000 }, (_, number) => `${number}`))
    expect((await roomsToShow({})).rooms.size).toBe(10_000)
    expect(asked.rooms).toEqual(Array.from({ length: 10 }, () => 1000))
  })
})
