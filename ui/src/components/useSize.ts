/** Size of an element in CSS pixels, whole numbers. */
import { type RefObject, useLayoutEffect, useRef, useState } from 'react'

export function useSize<T extends HTMLElement>(): { ref: RefObject<T | null>; width: number; height: number } {
  const ref = useRef<T>(null)
  const [size, setSize] = useState({ width: 0, height: 0 })
  // Measured before the first paint, so that what depends on it is not a frame late.
  useLayoutEffect(() => {
    const element = ref.current
    if (!element) return
    const keep = (width: number, height: number) => setSize((old) => (old.width === width && old.height === height ? old : { width, height }))
    const style = getComputedStyle(element)
    const inner = (whole: number, ...edges: string[]) => Math.floor(whole - edges.reduce((sum, edge) => sum + (Number.parseFloat(edge) || 0), 0))
    keep(inner(element.clientWidth, style.paddingLeft, style.paddingRight), inner(element.clientHeight, style.paddingTop, style.paddingBottom))
    const watcher = new ResizeObserver(([entry]) => {
      if (entry) keep(Math.floor(entry.contentRect.width), Math.floor(entry.contentRect.height))
    })
    watcher.observe(element)
    return () => watcher.disconnect()
  }, [])
  return { ref, ...size }
}
