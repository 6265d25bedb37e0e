/** A list that draws only what is seen: 50,000 rows scroll like 50. Rows have one height. */
import { type ReactNode, useEffect, useRef, useState } from 'react'

export interface VirtualListProps {
  count: number
  /** CSS pixels. */
  rowHeight: number
  row: (index: number) => ReactNode
  className?: string
  label?: string
  role?: string
  onRange?: (first: number, last: number) => void
  header?: ReactNode
  /** CSS pixels; otherwise the style sheet says. */
  height?: number
  /** The row to keep in sight, and the id of its element, for who steers by keys. */
  at?: { index: number; id: string } | undefined
}

const SPARE = 8
// Browsers stop laying out near 16 M CSS pixels.
const TALLEST = 8_000_000

export function VirtualList({ count, rowHeight, row, className, label, role = 'list', onRange, header, height, at }: VirtualListProps) {
  const box = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, height: 600 })

  useEffect(() => {
    const element = box.current
    if (!element) return
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight || 600 })
    measure()
    const watcher = new ResizeObserver(measure)
    watcher.observe(element)
    element.addEventListener('scroll', measure, { passive: true })
    return () => {
      watcher.disconnect()
      element.removeEventListener('scroll', measure)
    }
  }, [])

  const whole = count * rowHeight
  const tall = Math.min(whole, TALLEST)
  // Beyond the tallest page the scroll bar stands for a longer list.
  const factor = whole > tall ? (whole - view.height) / Math.max(1, tall - view.height) : 1
  const topPx = view.top * factor
  const first = Math.max(0, Math.floor(topPx / rowHeight) - SPARE)
  const last = Math.min(count - 1, Math.ceil((topPx + view.height) / rowHeight) + SPARE)

  const index = at?.index
  useEffect(() => {
    const element = box.current
    if (!element || index === undefined) return
    const from = (index * rowHeight) / factor
    if (from < element.scrollTop) element.scrollTop = from
    else if (from + rowHeight > element.scrollTop + element.clientHeight) element.scrollTop = from + rowHeight - element.clientHeight
  }, [index, rowHeight, factor, count])

  const tell = useRef(onRange)
  tell.current = onRange
  useEffect(() => tell.current?.(first, last), [first, last, count])

  const rows: ReactNode[] = []
  for (let i = first; i <= last; i++) rows.push(row(i))
  return (
    <div ref={box} className={`virtual ${className ?? ''}`} role={role} aria-label={label} tabIndex={0} aria-activedescendant={at?.id} {...(height ? { style: { height } } : {})}>
      {header}
      <div style={{ height: tall, position: 'relative' }}>
        <div style={{ position: 'absolute', insetInline: 0, top: view.top + (first * rowHeight - topPx) }}>{rows}</div>
      </div>
    </div>
  )
}
