/** A picture from a camera made small enough to be sent over a phone's line; place and time of it stay behind. */

const SIDE = 1920 // pixels: more than a wall shows
const MOST_BYTES = 2 << 20
const QUALITIES = [0.85, 0.7, 0.5, 0.3]

export interface Shrunk {
  content: Blob
  width: number
  height: number
}

/** Width and height that fit into a square, both whole, in the same proportion. */
export function fitted(width: number, height: number, side = SIDE): [number, number] {
  const by = Math.min(1, side / Math.max(width, height))
  return [Math.max(1, Math.round(width * by)), Math.max(1, Math.round(height * by))]
}

/** Turned as it was held. Throws when it is no picture that this browser can read. */
export async function shrunk(file: Blob): Promise<Shrunk> {
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' })
  try {
    for (const side of [SIDE, SIDE / 2]) {
      const [width, height] = fitted(picture.width, picture.height, side)
      const canvas = document.createElement('canvas')
      canvas.width = width
      canvas.height = height
      const pen = canvas.getContext('2d')
      if (!pen) break
      pen.fillStyle = '#fff' // what is clear in a PNG is white on paper
      pen.fillRect(0, 0, width, height)
      pen.drawImage(picture, 0, 0, width, height)
      for (const quality of QUALITIES) {
        const content = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', quality))
        if (content && content.size <= MOST_BYTES) return { content, width, height }
      }
    }
  } finally {
    picture.close()
  }
  throw new Error('too large')
}
