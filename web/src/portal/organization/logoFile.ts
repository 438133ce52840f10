/** Limits of the server for a logo: bytes, and pixels of each side. */
const LARGEST = 100_000
const MOST_PIXELS = 2000

const LARGEST_FILE = 20 << 20
/** Pixels across and down that a picture is drawn within when it is too large: the first that is small enough. */
const DRAWN = [
  [800, 400],
  [480, 240],
  [240, 120],
] as const

const TAKEN = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38]],
] as const

/** A logo to be sent, as a data URL: the file itself if the server takes it, otherwise what the browser draws of it,
 * small and as PNG. Null for what is no picture. */
export async function readLogo(file: Blob): Promise<string | null> {
  if (file.size > LARGEST_FILE) return null
  const url = URL.createObjectURL(file)
  try {
    const picture = new Image()
    picture.src = url
    await picture.decode()
    const { naturalWidth: width, naturalHeight: height } = picture
    const type = typeOf(new Uint8Array(await file.slice(0, 4).arrayBuffer()))
    if (type && file.size <= LARGEST && Math.max(width, height) <= MOST_PIXELS) return await read(file, type)
    for (const [across, down] of DRAWN) {
      const factor = Math.min(across / width, down / height, 1)
      const drawn = await draw(picture, Math.round(width * factor) || 1, Math.round(height * factor) || 1)
      if (drawn && drawn.size <= LARGEST) return await read(drawn, 'image/png')
    }
    return null
  } catch {
    return null
  } finally {
    URL.revokeObjectURL(url)
  }
}

/** The base64 of a data URL. */
export function base64Of(dataUrl: string): string {
  return dataUrl.slice(dataUrl.indexOf(',') + 1)
}

/** By how the file begins, whatever it is called. */
export function typeOf(head: Uint8Array): string | null {
  return TAKEN.find(([, signature]) => signature.every((byte, at) => head[at] === byte))?.[0] ?? null
}

function draw(picture: HTMLImageElement, width: number, height: number): Promise<Blob | null> {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  canvas.getContext('2d')?.drawImage(picture, 0, 0, width, height)
  return new Promise(resolve => canvas.toBlob(resolve, 'image/png'))
}

function read(blob: Blob, type: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(new Blob([blob], { type }))
  })
}
