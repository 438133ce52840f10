/** Loudness of a track. */

/** Interval at which a level is measured, in milliseconds: as often as an eye follows a bar. */
const MEASURED_EVERY = 50

/** Calls `level` with 0 (silence) to 1 (full scale) again and again, until the returned function is called. */
export function measureLevel(track: MediaStreamTrack, level: (value: number) => void): () => void {
  const context = new AudioContext()
  const source = context.createMediaStreamSource(new MediaStream([track]))
  const analyser = context.createAnalyser()
  analyser.fftSize = 512
  source.connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  let shown = 0
  const measure = () => {
    analyser.getFloatTimeDomainData(samples)
    shown = Math.max(loudness(samples), shown * 0.68)
    level(shown)
  }
  const timer = window.setInterval(measure, MEASURED_EVERY)
  // A page nobody has touched yet has its audio suspended; the first touch starts the meter.
  const wake = () => void context.resume()
  document.addEventListener('pointerdown', wake)
  document.addEventListener('keydown', wake)
  return () => {
    window.clearInterval(timer)
    document.removeEventListener('pointerdown', wake)
    document.removeEventListener('keydown', wake)
    void context.close()
  }
}

/** The RMS of samples on a scale of 60 dB: quiet speech is about 0.4, a clipped signal 1. */
export function loudness(samples: Float32Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  const decibels = 10 * Math.log10(sum / samples.length + 1e-10)
  return Math.min(1, Math.max(0, (decibels + 60) / 60))
}
