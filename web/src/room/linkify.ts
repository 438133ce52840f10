export interface TextPart {
  text: string
  /** Set for what may be clicked: http and https only. */
  href?: string
}

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`{}|\\^]+/gi
/** Belongs to the sentence around an address rather than to it. */
const TRAILING = /[.,;:!?…]+$/

/** Splits a text into plain parts and web addresses. */
export function linkify(text: string): TextPart[] {
  const parts: TextPart[] = []
  let end = 0
  for (const match of text.matchAll(ADDRESS)) {
    const address = trimmed(match[0])
    const href = webAddress(address)
    if (!href) continue
    if (match.index > end) parts.push({ text: text.slice(end, match.index) })
    parts.push({ text: address, href })
    end = match.index + address.length
  }
  if (end < text.length) parts.push({ text: text.slice(end) })
  return parts
}

function trimmed(address: string): string {
  let text = address
  for (;;) {
    const shorter = text.replace(TRAILING, '')
    const unbalanced = shorter.endsWith(')') && shorter.split(')').length > shorter.split('(').length
    const next = unbalanced ? shorter.slice(0, -1) : shorter
    if (next === text) return text
    text = next
  }
}

function webAddress(text: string): string | undefined {
  try {
    const url = new URL(text)
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined
  } catch {
    return undefined
  }
}
