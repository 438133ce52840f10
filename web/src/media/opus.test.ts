import { expect, it } from 'vitest'
import { withOpusOptions } from './opus'

const sdp = (...lines: string[]) => ['m=audio 9 UDP/TLS/RTP/SAVPF 111 63', ...lines, ''].join('\r\n')

it('adds FEC and DTX to the options of Opus, and to no other format', () => {
  const given = sdp(
    'a=rtpmap:111 opus/48000/2',
    'a=fmtp:111 minptime=10;useinbandfec=0',
    'a=rtpmap:63 red/48000/2',
    'a=fmtp:63 111/111',
  )
  expect(withOpusOptions(given)).toBe(
    sdp(
      'a=rtpmap:111 opus/48000/2',
      'a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1',
      'a=rtpmap:63 red/48000/2',
      'a=fmtp:63 111/111',
    ),
  )
})

it('adds the options when Opus has none', () => {
  expect(withOpusOptions(sdp('a=rtpmap:111 opus/48000/2'))).toBe(
    sdp('a=rtpmap:111 opus/48000/2', 'a=fmtp:111 useinbandfec=1;usedtx=1'),
  )
})

it('leaves a description without Opus as it is', () => {
  const video = 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n'
  expect(withOpusOptions(video)).toBe(video)
})
