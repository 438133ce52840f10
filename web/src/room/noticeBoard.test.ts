import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { NoticeBoard, SHOWN_FOR } from './noticeBoard'
import type { Notice } from './state'

const hand = (number: number): Notice => ({ kind: 'hand', name: 'Ada', number })
const failed = (number: number): Notice => ({ kind: 'failed', code: 'not_allowed', number })

describe('the notices over the room', () => {
  let board: NoticeBoard
  const numbers = () => board.state.get().shown.map(({ number }) => number)

  beforeEach(() => {
    vi.useFakeTimers()
    board = new NoticeBoard()
  })
  afterEach(() => {
    board.dispose()
    vi.useRealTimers()
  })

  it('are only those that are for the eye', () => {
    board.tell([{ kind: 'joined', name: 'Ada', number: 1 }, { kind: 'media-away', number: 2 }, hand(3)])
    expect(numbers()).toEqual([3])
  })

  it('stand there for four seconds each, whatever comes after them', () => {
    board.tell([hand(1)])
    vi.advanceTimersByTime(SHOWN_FOR - 1_000)
    board.tell([hand(2)])
    expect(numbers()).toEqual([1, 2])
    vi.advanceTimersByTime(1_000)
    expect(numbers()).toEqual([2])
    vi.advanceTimersByTime(SHOWN_FOR - 1_000)
    expect(numbers()).toEqual([])
    expect(SHOWN_FOR).toBe(4_000)
  })

  it('are two at most: the others wait in the list, counted until it is read', () => {
    board.tell([hand(1), hand(2), hand(3), hand(4)])
    expect(numbers()).toEqual([1, 2])
    expect(board.state.get().list.map(({ number }) => number)).toEqual([1, 2, 3, 4])
    expect(board.state.get().unread).toBe(2)
    vi.advanceTimersByTime(SHOWN_FOR)
    expect(numbers()).toEqual([])
    board.read()
    expect(board.state.get().unread).toBe(0)
    expect(board.state.get().list).toHaveLength(4)
  })

  it('make place for what concerns oneself', () => {
    board.tell([hand(1), failed(2), failed(3)])
    expect(numbers()).toEqual([2, 3])
    expect(board.state.get().unread).toBe(0)
  })

  it('which waits for what else concerns oneself, and is shown as long', () => {
    board.tell([failed(1)])
    vi.advanceTimersByTime(1_000)
    board.tell([failed(2), failed(3), hand(4), failed(5)])
    expect(numbers()).toEqual([1, 2])
    vi.advanceTimersByTime(SHOWN_FOR - 1_000)
    expect(numbers()).toEqual([2, 3])
    vi.advanceTimersByTime(1_000)
    expect(numbers()).toEqual([3, 5])
    vi.advanceTimersByTime(SHOWN_FOR - 1_001)
    expect(numbers()).toEqual([3, 5])
    vi.advanceTimersByTime(1)
    expect(numbers()).toEqual([5])
    expect(board.state.get().unread).toBe(1)
  })

  it('go no further than their own: what waits finds its place when one is closed', () => {
    board.tell([failed(1), failed(2), failed(3)])
    board.close(1)
    expect(numbers()).toEqual([2, 3])
    board.dispose()
    vi.advanceTimersByTime(2 * SHOWN_FOR)
    expect(numbers()).toEqual([2, 3])
  })

  it('are counted as far as they are listed', () => {
    board.tell(Array.from({ length: 50 }, (_, number) => hand(number)))
    expect(board.state.get().list).toHaveLength(30)
    expect(board.state.get().unread).toBe(30)
  })

  it('can be closed before their time', () => {
    board.tell([hand(1), hand(2)])
    board.close(1)
    expect(numbers()).toEqual([2])
    board.tell([hand(3)])
    vi.advanceTimersByTime(SHOWN_FOR)
    expect(numbers()).toEqual([])
  })
})
