import { Store } from '../ui/store'

export interface Announcement {
  number: number
  text: string
  isError: boolean
}

/** Milliseconds that what has been done stays on the page; what failed stays until somebody closes it. */
const SHOWN = 8_000
const MOST = 3

export const announcements = new Store<readonly Announcement[]>([])

let last = 0

/** Shows what has been done, in words, and has it read aloud. */
export function announce(text: string): void {
  const number = add(text, false)
  window.setTimeout(() => dismiss(number), SHOWN)
}

/** Shows what did not work where there is no better place for it. */
export function announceFailure(text: string): void {
  add(text, true)
}

export function dismiss(number: number): void {
  announcements.set(announcements.get().filter(one => one.number !== number))
}

function add(text: string, isError: boolean): number {
  last += 1
  announcements.set([...announcements.get(), { number: last, text, isError }].slice(-MOST))
  return last
}
