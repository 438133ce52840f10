const HUES = [168, 200, 262, 318, 14, 42, 96, 222]

/** First letters of the first and the last word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/)
  const letters = [words[0], words.length > 1 ? words.at(-1) : '']
  return letters.map(word => [...(word ?? '')][0]?.toLocaleUpperCase() ?? '').join('')
}

/** The same name always has the same colour. */
export function hueOf(name: string): number {
  let sum = 0
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) >>> 0
  return HUES[sum % HUES.length] ?? 168
}

/** A coloured disc with somebody's initials, in place of a picture. */
export function Avatar({ name, size }: { name: string; size?: number | string }) {
  return (
    <span
      aria-hidden="true"
      style={{
        display: 'inline-grid',
        placeItems: 'center',
        flex: 'none',
        width: size,
        aspectRatio: 1,
        borderRadius: '50%',
        fontWeight: 650,
        fontSize: typeof size === 'number' ? size * 0.38 : `calc(${size} * 0.38)`,
        lineHeight: 1,
        letterSpacing: '0.02em',
        background: `hsl(${hueOf(name)} 45% 34%)`,
        color: '#fff',
      }}
    >
      {initials(name)}
    </span>
  )
}
