/** Size of an element in CSS pixels, whole numbers. */
import { type RefObject, useEffect, useRef, useState } from 'react'

export function useSize<T extends HTMLElement>(): { ref: RefObject<T | null>; width: number; height: number } {
  const ref = useRef<T>(null)
  const [size, setSize] = useState({ width: 0, height: 0 })
  useEffect(() => {
    const element = ref.current
    if (!element) return
    const watcher = new ResizeObserver(([entry]) => {
      if (!entry) return
      const width = Math.floor(entry.contentRect.width)
      const height = Math.floor(entry.contentRect.height)
      setSize((old) => (old.width === width && old.height === height ? old : { width, height }))
    })
    watcher.observe(element)
    return () => watcher.disconnect()
  }, [])
  return { ref, ...size }
}
