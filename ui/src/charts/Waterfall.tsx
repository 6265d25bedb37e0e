/** Spectra side by side, oldest left: frequency upwards, darkness the height of a line. A click chooses a recording. */
import { useEffect, useRef } from 'react'
import { colourOf, type Theme } from '../core/palette'
import { readInk } from './ink'

export interface WaterfallProps {
  /** One list of 0 to 1 a recording, lowest frequency first. */
  columns: readonly (readonly number[])[]
  chosen: number
  onChoose: (index: number) => void
  /** CSS pixels. */
  width: number
  height: number
  theme: Theme
  label: string
}

export function Waterfall({ columns, chosen, onChoose, width, height, theme, label }: WaterfallProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const element = canvas.current
    const paint = element?.getContext('2d')
    if (!element || !paint || width < 10) return
    element.width = Math.round(width * devicePixelRatio)
    element.height = Math.round(height * devicePixelRatio)
    const ink = readInk()
    paint.fillStyle = ink.surface
    paint.fillRect(0, 0, element.width, element.height)
    const wide = element.width / Math.max(columns.length, 1)
    paint.fillStyle = colourOf(0, theme)
    columns.forEach((column, i) => {
      const high = element.height / Math.max(column.length, 1)
      column.forEach((value, line) => {
        if (value <= 0) return
        paint.globalAlpha = value
        paint.fillRect(i * wide, element.height - (line + 1) * high, Math.ceil(wide), Math.ceil(high))
      })
    })
    paint.globalAlpha = 1
    if (chosen >= 0) {
      paint.strokeStyle = ink.accent
      paint.lineWidth = 2 * devicePixelRatio
      paint.strokeRect(chosen * wide + 1, 1, Math.max(wide - 2, 2), element.height - 2)
    }
  }, [columns, chosen, width, height, theme])
  return (
    <canvas
      ref={canvas}
      className="waterfall"
      role="img"
      aria-label={label}
      style={{ width, height }}
      onClick={(event) => {
        const at = Math.floor((event.nativeEvent.offsetX / Math.max(width, 1)) * columns.length)
        if (at >= 0 && at < columns.length) onChoose(at)
      }}
    />
  )
}
