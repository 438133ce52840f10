import { log } from '../log'

const NOTES = [523.25, 659.25, 783.99]
const NOTE_SECONDS = 0.28

/** Plays three notes; as `playNotes`. */
export function playTestSound(speaker: string): Promise<void> {
  return playNotes(NOTES, NOTE_SECONDS, speaker)
}

/** Plays notes (in Hz, so many seconds each) on the loudspeaker with this id (empty for the system's own); resolves when
 * they are over. */
export async function playNotes(
  notes: readonly number[],
  noteSeconds: number,
  speaker: string,
): Promise<void> {
  const context = new AudioContext()
  const output = context.createMediaStreamDestination()
  const element = new Audio()
  element.srcObject = output.stream
  await routeTo(element, speaker)
  await element.play()
  for (const [index, frequency] of notes.entries()) {
    const start = context.currentTime + index * noteSeconds
    const tone = context.createOscillator()
    const gain = context.createGain()
    tone.frequency.value = frequency
    gain.gain.setValueAtTime(0, start)
    gain.gain.linearRampToValueAtTime(0.25, start + 0.03)
    gain.gain.exponentialRampToValueAtTime(0.001, start + noteSeconds * 1.6)
    tone.connect(gain).connect(output)
    tone.start(start)
    tone.stop(start + noteSeconds * 1.6)
  }
  await new Promise(resolve => setTimeout(resolve, (notes.length + 1) * noteSeconds * 1000))
  element.srcObject = null
  await context.close()
}

export function canChooseSpeaker(): boolean {
  return 'setSinkId' in HTMLMediaElement.prototype
}

/** Sends an element's sound to a loudspeaker, where the browser lets one choose. */
export async function routeTo(element: HTMLMediaElement, speaker: string): Promise<void> {
  if (!canChooseSpeaker() || element.sinkId === speaker) return
  try {
    await element.setSinkId(speaker)
  } catch (error) {
    // The loudspeaker was unplugged since it was chosen: the system's own goes on playing.
    log.warning('speaker', error)
  }
}
