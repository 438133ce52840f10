const DISCONNECTED_LIMIT = 2_000
const CONNECT_LIMIT = 8_000

/**
 * Calls `broken` once when a peer connection has failed, has been disconnected for two seconds, or does not come up
 * within eight. Counting starts with `watch`, so that it can begin when the negotiation does.
 */
export function watch(pc: RTCPeerConnection, broken: (why: string) => void): () => void {
  let timer = 0
  let done = false
  const stop = () => {
    done = true
    window.clearTimeout(timer)
    pc.removeEventListener('connectionstatechange', check)
  }
  const report = (why: string) => {
    if (done) return
    stop()
    broken(why)
  }
  function check() {
    window.clearTimeout(timer)
    const { connectionState } = pc
    if (connectionState === 'failed') report('failed')
    else if (connectionState === 'disconnected') {
      timer = window.setTimeout(() => report('disconnected'), DISCONNECTED_LIMIT)
    } else if (connectionState !== 'connected' && connectionState !== 'closed') {
      timer = window.setTimeout(() => report(`still ${connectionState}`), CONNECT_LIMIT)
    }
  }
  pc.addEventListener('connectionstatechange', check)
  check()
  return stop
}
