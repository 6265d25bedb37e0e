/** The plot as a PNG with a title and a key, on the page's own background. */
import { colourOf, type Theme } from '../core/palette'
import { readInk } from './ink'

export async function pictureOf(canvases: readonly HTMLCanvasElement[], title: string, keys: readonly { label: string; colour: number }[], theme: Theme): Promise<Blob> {
  const dpr = devicePixelRatio
  const ink = readInk()
  const width = Math.max(...canvases.map((c) => c.width), 1)
  const head = 34 * dpr
  const foot = (keys.length * 18 + 16) * dpr
  const out = document.createElement('canvas')
  out.width = width
  out.height = head + canvases.reduce((sum, c) => sum + c.height, 0) + foot
  const ctx = out.getContext('2d')
  if (!ctx) throw new Error('no canvas')
  ctx.fillStyle = ink.surface
  ctx.fillRect(0, 0, out.width, out.height)
  ctx.fillStyle = ink.text
  ctx.font = ink.font.replace('11px', `600 ${13 * dpr}px`)
  ctx.textBaseline = 'middle'
  ctx.fillText(title, 12 * dpr, head / 2)
  let y = head
  for (const canvas of canvases) {
    ctx.drawImage(canvas, 0, y)
    y += canvas.height
  }
  ctx.font = ink.font.replace('11px', `${12 * dpr}px`)
  keys.forEach((key, i) => {
    const at = y + (i * 18 + 16) * dpr
    ctx.fillStyle = colourOf(key.colour, theme)
    ctx.fillRect(12 * dpr, at - dpr, 18 * dpr, 3 * dpr)
    ctx.fillStyle = ink.text
    ctx.fillText(key.label, 38 * dpr, at)
  })
  return new Promise((resolve, reject) => out.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png'))
}
