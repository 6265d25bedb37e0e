/** A number of the system page by the unit in its name: `_bytes`, `_us`, `_s`, `_ms`, `_values_s`. */
import { bytes, count, type Language, span } from '../../core/format'
import { clock } from '../../core/time'

export function figure(key: string, value: unknown, language: Language): string {
  if (value === null || value === undefined || value === '') return '–'
  if (typeof value === 'boolean') return value ? '✓' : '✗'
  if (typeof value !== 'number') return String(value)
  if (key === 'port' || key.endsWith('_port')) return String(value)
  if (key.endsWith('bytes') || key === 'bytes_in' || key === 'rss') return bytes(value)
  if (/_us$/.test(key)) return value > 0 ? clock(value, Date.now()) : '–'
  if (key.endsWith('_s') && /values|frames|messages|rows|points/.test(key)) return `${count(value, language)} /s`
  if (/eta_s|uptime|age_s|period_s|_seconds$/.test(key)) return span(value, language)
  if (key.includes('_ms')) return `${value.toFixed(value < 10 ? 1 : 0)} ms`
  return count(value, language)
}
