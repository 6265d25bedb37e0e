/** Wheel zooms about the pointer, Shift-drag (or middle button) pans, two fingers do both. Moves the x scale at once and reports when it rests. */
import type uPlot from 'uplot'

export interface Gestures {
  /** Seconds. */
  onRange: (from: number, to: number) => void
}

const REST_MS = 160

export function attachGestures(u: uPlot, gestures: Gestures): () => void {
  const { over } = u
  let rest: ReturnType<typeof setTimeout> | null = null
  const window_ = () => ({ min: u.scales.x?.min ?? 0, max: u.scales.x?.max ?? 1 })
  const go = (min: number, max: number) => {
    u.setScale('x', { min, max })
    if (rest) clearTimeout(rest)
    rest = setTimeout(() => gestures.onRange(min, max), REST_MS)
  }

  const onWheel = (event: WheelEvent) => {
    event.preventDefault()
    const { min, max } = window_()
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const by = ((max - min) * (event.deltaX || event.deltaY)) / 1200
      return go(min + by, max + by)
    }
    const at = u.posToVal(event.offsetX, 'x')
    const factor = Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300)))
    go(at - (at - min) * factor, at + (max - at) * factor)
  }

  const onDown = (event: MouseEvent) => {
    if (!(event.shiftKey || event.button === 1)) return
    event.preventDefault()
    event.stopImmediatePropagation()
    const { min, max } = window_()
    const x0 = event.clientX
    const perPixel = (max - min) / over.clientWidth
    const onMove = (move: MouseEvent) => {
      const by = (x0 - move.clientX) * perPixel
      go(min + by, max + by)
    }
    const onUp = () => {
      document.removeEventListener('mousemove', onMove)
      document.removeEventListener('mouseup', onUp)
    }
    document.addEventListener('mousemove', onMove)
    document.addEventListener('mouseup', onUp)
  }

  const touch = { x: 0, gap: 0, min: 0, max: 0 }
  const middle = (event: TouchEvent) => {
    const [a, b] = [event.touches[0], event.touches[1]]
    const left = over.getBoundingClientRect().left
    return { x: ((a?.clientX ?? 0) + (b?.clientX ?? 0)) / 2 - left, gap: Math.abs((a?.clientX ?? 0) - (b?.clientX ?? 0)) || 1 }
  }
  const onTouchStart = (event: TouchEvent) => {
    if (event.touches.length !== 2) return
    Object.assign(touch, middle(event), window_())
  }
  const onTouchMove = (event: TouchEvent) => {
    if (event.touches.length !== 2) return
    event.preventDefault()
    const now = middle(event)
    const perPixel = (touch.max - touch.min) / over.clientWidth
    const anchor = touch.min + touch.x * perPixel
    const factor = touch.gap / now.gap
    const by = (touch.x - now.x) * perPixel * factor
    go(anchor - (anchor - touch.min) * factor + by, anchor + (touch.max - anchor) * factor + by)
  }

  over.addEventListener('wheel', onWheel, { passive: false })
  over.addEventListener('mousedown', onDown, { capture: true })
  over.addEventListener('touchstart', onTouchStart, { passive: true })
  over.addEventListener('touchmove', onTouchMove, { passive: false })
  return () => {
    if (rest) clearTimeout(rest)
    over.removeEventListener('wheel', onWheel)
    over.removeEventListener('mousedown', onDown, { capture: true })
    over.removeEventListener('touchstart', onTouchStart)
    over.removeEventListener('touchmove', onTouchMove)
  }
}
