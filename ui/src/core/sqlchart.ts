/** A result with a time column as lines: one per number column, or per word of a text column. */
import type { SqlResult } from '../wire/api'

export interface SqlLine {
  name: string
  /** Seconds, ascending. */
  t: number[]
  y: (number | null)[]
}

export const MOST_LINES = 12

const isTime = (type: string) => /^(timestamp|date)/i.test(type)
const isNumber = (type: string) => /^(u?int|float|double|decimal|halffloat)/i.test(type)
const isText = (type: string) => /^(string|large_string|utf8|dictionary)/i.test(type)

export const timeColumn = (columns: SqlResult['columns']): number => columns.findIndex((column) => isTime(column.type))

/** Times come as ISO text or as us since the epoch. */
export function secondsFrom(value: unknown): number {
  if (typeof value === 'number') return value / 1e6
  if (typeof value !== 'string') return Number.NaN
  const text = /[zZ]|[+-]\d\d:?\d\d$/.test(value) ? value : `${value}Z`
  return Date.parse(text.replace(' ', 'T')) / 1000
}

export function sqlLines(result: SqlResult): { lines: SqlLine[]; left: number } {
  const time = timeColumn(result.columns)
  const numbers = result.columns.flatMap((column, i) => (isNumber(column.type) && i !== time && column.name !== 'quality' && column.name !== 'point' ? [i] : []))
  const label = result.columns.findIndex((column, i) => isText(column.type) && i !== time)
  const byName = new Map<string, [number, number | null][]>()
  for (const row of result.rows) {
    const s = secondsFrom(row[time])
    if (Number.isNaN(s)) continue
    for (const i of numbers) {
      const column = result.columns[i]?.name ?? ''
      const name = label < 0 ? column : numbers.length > 1 ? `${String(row[label])} · ${column}` : String(row[label])
      const value = row[i]
      const mine = byName.get(name) ?? []
      mine.push([s, typeof value === 'number' ? value : null])
      byName.set(name, mine)
    }
  }
  const all = [...byName].map(([name, pairs]): SqlLine => {
    pairs.sort((a, b) => a[0] - b[0])
    const once = pairs.filter((pair, i) => i === 0 || pair[0] > (pairs[i - 1]?.[0] ?? Number.NEGATIVE_INFINITY))
    return { name, t: once.map((pair) => pair[0]), y: once.map((pair) => pair[1]) }
  })
  return { lines: all.slice(0, MOST_LINES), left: Math.max(0, all.length - MOST_LINES) }
}
