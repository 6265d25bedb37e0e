/** What is drawn beside the lines: hatched gaps, episode bands, marks of the two cursors. Canvas pixels inside. */
import type uPlot from 'uplot'
import type { Interval } from '../core/shape'
import type { Ink } from './ink'

export interface Band extends Interval {
  label: string
  colour: string
}

export interface Layers {
  gaps: { intervals: readonly Interval[]; colour: string }[]
  simulated: readonly Interval[]
  bands: readonly Band[]
  marks: { s: number; label: string }[]
}

/** Clip an interval (s) to the plot; null when it is outside. */
function pixels(u: uPlot, { from, to }: Interval): { x: number; width: number } | null {
  const { left, width } = u.bbox
  const a = Math.max(u.valToPos(from, 'x', true), left)
  const b = Math.min(u.valToPos(to, 'x', true), left + width)
  return b > a - 1 && a < left + width && b > left ? { x: a, width: Math.max(b - a, 1) } : null
}

export function drawBelow(u: uPlot, layers: Layers, ink: Ink): void {
  const { ctx } = u
  const { top, height } = u.bbox
  const dpr = devicePixelRatio
  ctx.save()
  for (const band of layers.bands) {
    const at = pixels(u, band)
    if (!at) continue
    ctx.fillStyle = ink.band
    ctx.fillRect(at.x, top, at.width, height)
    ctx.fillStyle = band.colour
    ctx.fillRect(at.x, top, at.width, 3 * dpr)
    const instant = band.to <= band.from
    if (instant) ctx.fillRect(at.x, top, 1.5 * dpr, height)
    if (instant || at.width > 28 * dpr) {
      ctx.save()
      ctx.beginPath()
      ctx.rect(at.x, top, instant ? 160 * dpr : at.width, 20 * dpr)
      ctx.clip()
      ctx.fillStyle = ink.muted
      ctx.font = ink.font.replace('11px', `${11 * dpr}px`)
      ctx.textBaseline = 'top'
      ctx.textAlign = 'left'
      ctx.fillText(band.label, at.x + 4 * dpr, top + 6 * dpr)
      ctx.restore()
    }
  }
  for (const { intervals, colour } of layers.gaps) for (const gap of intervals) hatch(u, gap, colour)
  ctx.fillStyle = ink.muted
  for (const part of layers.simulated) {
    const at = pixels(u, part)
    if (!at) continue
    // A dotted foot line: simulated data.
    for (let x = at.x; x < at.x + at.width; x += 6 * dpr) ctx.fillRect(x, top + height - 2 * dpr, 2 * dpr, 2 * dpr)
  }
  ctx.restore()
}

/** Diagonal strokes where values are bad or missing: readable without colour and in print. */
function hatch(u: uPlot, gap: Interval, colour: string): void {
  const at = pixels(u, gap)
  if (!at) return
  const { ctx } = u
  const { top, height } = u.bbox
  const dpr = devicePixelRatio
  ctx.save()
  ctx.beginPath()
  ctx.rect(at.x, top, at.width, height)
  ctx.clip()
  ctx.setLineDash([])
  ctx.strokeStyle = colour
  ctx.globalAlpha = 0.35
  ctx.lineWidth = dpr
  ctx.beginPath()
  const step = 8 * dpr
  const first = Math.floor((at.x - height) / step) * step
  for (let x = first; x < at.x + at.width; x += step) {
    ctx.moveTo(x, top + height)
    ctx.lineTo(x + height, top)
  }
  ctx.stroke()
  ctx.restore()
}

export function drawAbove(u: uPlot, layers: Layers, ink: Ink): void {
  const { ctx } = u
  const { top, height, left, width } = u.bbox
  const dpr = devicePixelRatio
  ctx.save()
  for (const mark of layers.marks) {
    const x = u.valToPos(mark.s, 'x', true)
    if (x < left || x > left + width) continue
    ctx.setLineDash([])
    ctx.strokeStyle = ink.accent
    ctx.lineWidth = dpr
    ctx.beginPath()
    ctx.moveTo(Math.round(x) + 0.5, top)
    ctx.lineTo(Math.round(x) + 0.5, top + height)
    ctx.stroke()
    ctx.fillStyle = ink.accent
    ctx.fillRect(x - 8 * dpr, top, 16 * dpr, 15 * dpr)
    ctx.fillStyle = ink.surface
    ctx.font = `600 ${10 * dpr}px sans-serif`
    ctx.textAlign = 'center'
    ctx.textBaseline = 'middle'
    ctx.fillText(mark.label, x, top + 8 * dpr)
  }
  ctx.restore()
}
