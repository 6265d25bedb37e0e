/** Points by pages of a hundred, fetched when they come into view. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { points, type PointsAsk } from '../core/calls'
import type { Point } from '../wire/api'

const SIZE = 100

export function usePointPages(ask: PointsAsk, first: { total: number; points: Point[] } | null): { at: (index: number) => Point | undefined; want: (from: number, to: number) => void } {
  const pages = useRef(new Map<number, Point[] | 'asked'>())
  const [, redraw] = useState(0)
  const key = JSON.stringify(ask)
  useEffect(() => {
    pages.current = new Map()
    if (first) pages.current.set(0, first.points)
    redraw((n) => n + 1)
  }, [key, first])
  const want = useCallback(
    (from: number, to: number) => {
      const mine = pages.current
      for (let page = Math.floor(from / SIZE); page <= Math.floor(to / SIZE); page++) {
        if (mine.has(page)) continue
        mine.set(page, 'asked')
        points.list({ ...(JSON.parse(key) as PointsAsk), limit: SIZE, offset: page * SIZE }).then(
          (answer) => {
            mine.set(page, answer.points)
            redraw((n) => n + 1)
          },
          () => mine.delete(page),
        )
      }
    },
    [key],
  )
  const at = (index: number): Point | undefined => {
    const page = pages.current.get(Math.floor(index / SIZE))
    return page && page !== 'asked' ? page[index % SIZE] : undefined
  }
  return { at, want }
}
