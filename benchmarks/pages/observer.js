// Runs in a page before its own scripts. `observed.clickedAt` is when the join button was clicked,
// `observed.firstFrameAt` when the first frame of a remote video was presented, both in milliseconds of
// `performance.now()`; `framesEncoded()` is how many video frames this page has sent.
(() => {
  const observed = { clickedAt: null, firstFrameAt: null }
  const connections = []
  const remote = new Set()
  const watched = new WeakSet()

  document.addEventListener(
    'click',
    event => {
      if (event.target.closest('[data-testid="join"]')) observed.clickedAt ??= event.timeStamp
    },
    true,
  )

  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...options) {
      super(...options)
      connections.push(this)
      this.addEventListener('track', ({ track }) => track.kind === 'video' && remote.add(track.id))
    }
  }

  const shows = video => video.srcObject?.getVideoTracks().some(({ id }) => remote.has(id))

  function look() {
    for (const video of remote.size ? document.querySelectorAll('video') : []) {
      if (watched.has(video) || !shows(video)) continue
      watched.add(video)
      video.requestVideoFrameCallback((_, { presentationTime }) => {
        observed.firstFrameAt ??= presentationTime
      })
    }
    if (observed.firstFrameAt === null) requestAnimationFrame(look)
  }
  look()

  observed.framesEncoded = async () => {
    let frames = 0
    for (const connection of connections) {
      for (const report of (await connection.getStats()).values()) {
        if (report.type === 'outbound-rtp' && report.kind === 'video') frames += report.framesEncoded ?? 0
      }
    }
    return frames
  }
  window.observed = observed
})()
