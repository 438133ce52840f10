import { linkify } from './linkify'

/** Text that somebody has written, with its addresses made clickable. */
export function LinkedText({ text }: { text: string }) {
  let position = 0
  return linkify(text).map(part => {
    const key = position
    position += part.text.length
    return part.href ? (
      <a key={key} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
        {part.text}
      </a>
    ) : (
      <span key={key}>{part.text}</span>
    )
  })
}
