/** Opus options this side asks for: in-band FEC against loss, DTX so that silence costs next to nothing (RFC 7587, 6.1). */
const WISHES = ['useinbandfec=1', 'usedtx=1']

/**
 * The same SDP, asking for in-band FEC and DTX in every Opus format.
 *
 * An encoder does what the *other* side's description asks of it, so this goes over an offer or answer before the
 * other side gets it, and over an answer before this side applies it.
 */
export function withOpusOptions(sdp: string): string {
  const payloads = new Set([...sdp.matchAll(/^a=rtpmap:(\d+) opus\/48000/gim)].map(match => match[1]))
  const seen = new Set<string>()
  const lines = sdp.split('\r\n').map(line => {
    const match = /^a=fmtp:(\d+) (.*)$/.exec(line)
    if (!match?.[1] || match[2] === undefined || !payloads.has(match[1])) return line
    seen.add(match[1])
    return `a=fmtp:${match[1]} ${withWishes(match[2])}`
  })
  return lines
    .flatMap(line => {
      const payload = /^a=rtpmap:(\d+) opus\/48000/i.exec(line)?.[1]
      return payload && !seen.has(payload) ? [line, `a=fmtp:${payload} ${WISHES.join(';')}`] : [line]
    })
    .join('\r\n')
}

function withWishes(options: string): string {
  const kept = options
    .split(';')
    .map(option => option.trim())
    .filter(option => option && !/^(useinbandfec|usedtx)=/i.test(option))
  return [...kept, ...WISHES].join(';')
}
