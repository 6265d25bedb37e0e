/** Copy as Python, curl, SQL: nothing is only in the console. */
import { type TimeRange, timeUs } from './time'

const iso = (us: number) => new Date(us / 1000).toISOString()
const ends = (range: TimeRange, nowUs: number) => ({
  start: range.start.startsWith('-') ? range.start : iso(timeUs(range.start, nowUs)),
  end: range.end === 'now' ? 'now' : iso(timeUs(range.end, nowUs)),
})

export function asPython(origin: string, names: readonly string[], range: TimeRange, nowUs: number): string {
  const { start, end } = ends(range, nowUs)
  const when = range.end === 'now' && start.startsWith('-') ? JSON.stringify(start.slice(1)) : `start=${JSON.stringify(start)}, end=${JSON.stringify(end)}`
  const lines = ['import baigong', '', `plant = baigong.connect(${JSON.stringify(origin)}, token="…")`]
  const [only = ''] = names
  const dot = only.lastIndexOf('.')
  if (names.length === 1) lines.push(`df = plant.asset(${JSON.stringify(only.slice(0, dot))})[${JSON.stringify(only.slice(dot + 1))}].df(${when})`)
  else lines.push(`df = plant.df(${JSON.stringify(names).replace(/,/g, ', ')}, ${when})`)
  return `${lines.join('\n')}\n`
}

export function asCurl(origin: string, names: readonly string[], range: TimeRange, nowUs: number): string {
  const { start, end } = ends(range, nowUs)
  return [
    `curl -G ${shell(`${origin}/api/v1/series`)} \\`,
    `  -H 'Authorization: Bearer …' -H 'Accept: text/csv' \\`,
    `  --data-urlencode ${shell(`points=${names.join(',')}`)} \\`,
    `  --data-urlencode ${shell(`start=${start}`)} --data-urlencode ${shell(`end=${end}`)} --data-urlencode 'width=0'`,
    '',
  ].join('\n')
}

export const shell = (text: string) => `'${text.replace(/'/g, `'\\''`)}'`

export function asSql(names: readonly string[], range: TimeRange, nowUs: number): string {
  const quoted = names.map((name) => `'${name.replace(/'/g, "''")}'`).join(', ')
  const from = range.start.startsWith('-') ? `now() - interval '${interval(range.start.slice(1))}'` : `timestamptz '${iso(timeUs(range.start, nowUs))}'`
  const to = range.end === 'now' ? '' : `\n  and time < timestamptz '${iso(timeUs(range.end, nowUs))}'`
  return `select time, name, value, unit, quality
from telemetry
where name in (${quoted})
  and time >= ${from}${to}
order by name, time
`
}

const WORDS: Record<string, string> = { s: 'seconds', min: 'minutes', m: 'minutes', h: 'hours', d: 'days', w: 'weeks', ms: 'milliseconds' }
const interval = (text: string) => text.replace(/^([\d.]+)\s*([a-z]+)$/, (_, n: string, unit: string) => `${n} ${WORDS[unit] ?? unit}`)

export function sqlAsPython(origin: string, text: string): string {
  return `import baigong\n\nplant = baigong.connect(${JSON.stringify(origin)}, token="…")\ndf = plant.sql("""\n${text.trim()}\n""")\n`
}

export function sqlAsCurl(origin: string, text: string): string {
  return `curl ${shell(`${origin}/api/v1/sql`)} -H 'Authorization: Bearer …' \\\n  -H 'Content-Type: application/json' -H 'Accept: text/csv' \\\n  -d ${shell(JSON.stringify({ sql: text.trim() }))}\n`
}
