import { withToken } from './account'
import { callClient, type Schemas } from './client'

export type RoomAttendance = Schemas['RoomAttendanceAnswer']
export type RoomStay = Schemas['RoomStay']
export type MeetingStay = Schemas['Stay']
export type StaysWanted = Omit<Schemas['RoomAttendanceQuery'], 'accessToken' | 'roomId'>

/** As many stays as the server tells at once, and pages that a file is made of. */
const MOST_OF_ROOM = 500
const MOST_PAGES = 200

/** A page of who was in a room. Rejects, as all of these do, with a SignallingError, or an ApiError when signed out. */
export function roomAttendance(roomId: string, wanted: StaysWanted): Promise<RoomAttendance> {
  return withToken(accessToken => callClient('/client/rooms/attendance', { accessToken, roomId, ...wanted }))
}

/** All who were in a room in a time, 100,000 at most, those who are inside first. */
export async function wholeRoomAttendance(roomId: string, wanted: StaysWanted): Promise<readonly RoomStay[]> {
  const found: RoomStay[] = []
  let after: number | undefined
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const part = await roomAttendance(roomId, {
      ...wanted,
      limit: MOST_OF_ROOM,
      ...(after !== undefined && { after }),
    })
    found.push(...part.inside, ...part.stays)
    after = part.following
    if (after === undefined) break
  }
  return found
}

/** All who were in a meeting. */
export async function wholeMeetingAttendance(id: string): Promise<readonly MeetingStay[]> {
  const found: MeetingStay[] = []
  for (;;) {
    const part = await withToken(accessToken =>
      callClient('/client/meetings/attendance', { accessToken, id, offset: found.length }),
    )
    found.push(...part.people)
    if (!part.people.length || found.length >= part.peopleInAll) return found
  }
}
