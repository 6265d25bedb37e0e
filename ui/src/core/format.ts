/** Numbers, units, sizes: what people read. Pure; language comes in as `en` or `zh`. */
import type { PointKind } from '../wire/api'
import { spanParts } from './time'

export type Language = 'en' | 'zh'

const UCUM: Record<string, string> = {
  Cel: '°C', '[degF]': '°F', K: 'K', '%': '%', '1': '', '{1}': '', deg: '°', 'm3/h': 'm³/h', m3: 'm³', 'L/min': 'L/min', 'l/min': 'L/min',
  'mm2': 'mm²', 'm2': 'm²', 'm/s2': 'm/s²', 'kW.h': 'kWh', 'kW.h/h': 'kW', 'W.h': 'Wh', 'MW.h': 'MWh', 'r/min': 'r/min', '/min': '/min', '{rpm}': 'r/min', '{count}': '', Ohm: 'Ω',
  'u': 'µ', um: 'µm', 'V.A': 'VA', 'kV.A': 'kVA', 'N.m': 'N·m', 'mm/s': 'mm/s', '[pH]': 'pH', 'Nm3/h': 'Nm³/h', 'm3/min': 'm³/min', var: 'var', kvar: 'kvar', 'kg/m3': 'kg/m³',
}

/** UCUM code → what is written on instruments; an unknown code shows as it is, annotations without braces. */
export function unitText(ucum: string): string {
  const known = UCUM[ucum]
  if (known !== undefined) return known
  return ucum.replace(/\{([^}]*)\}/g, '$1').replace(/^\[(.*)\]$/, '$1')
}

/** About five significant digits, no exponent where people would not write one. */
export function number(value: number | null | undefined, digits = 5): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (Number.isSafeInteger(value)) return minus(grouped(value, 0))
  if (size >= 1e9 || size < 1e-4) return minus(value.toExponential(3))
  const places = Math.max(0, Math.min(6, digits - 1 - Math.floor(Math.log10(size))))
  return minus(grouped(value, places))
}

const forms = new Map<number, Intl.NumberFormat>()

/** Made once: a screen writes thousands of numbers a second, and making one takes as long as writing fifty. */
function form(least: number, most: number): Intl.NumberFormat {
  const key = least * 100 + most
  const held = forms.get(key) ?? new Intl.NumberFormat('en-US', { minimumFractionDigits: least, maximumFractionDigits: most })
  forms.set(key, held)
  return held
}

function grouped(value: number, places: number): string {
  return form(0, places).format(value)
}

/** As `number`, where there is room for a dozen characters only: the scale of a chart. */
export const onScale = (value: number): string => (Math.abs(value) >= 1e9 ? minus(value.toExponential(3)) : number(value, 6))

/** A live number must not jitter sideways: fixed places by size. */
export function steady(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size >= 1e9 || size < 1e-3) return number(value)
  const places = size >= 1000 || (Number.isInteger(value) && size >= 100) ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3
  return minus(form(places, places).format(value))
}

const minus = (text: string) => text.replace('-', '−')

/** A value by kind: states by their word, counters whole, text as it is. */
export function shown(value: number | null | undefined, text: string | null | undefined, kind: PointKind | undefined, states?: Record<string, string>): string {
  const word = kind === 'state' && value !== null && value !== undefined ? states?.[String(value)] : undefined
  if (word) return word // in the reader's language; the text beside the value is in that of the plant
  if (text !== null && text !== undefined && text !== '') return text
  if (value === null || value === undefined) return '–'
  if (kind === 'state') return String(value)
  if (kind === 'counter' && Number.isInteger(value)) return value.toLocaleString('en-US')
  return steady(value)
}

export function bytes(n: number | null | undefined): string {
  if (n === null || n === undefined || !Number.isFinite(n)) return '–'
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let value = n
  let at = 0
  while (Math.abs(value) >= 1000 && at < units.length - 1) {
    value /= 1000
    at += 1
  }
  return `${at === 0 ? value : value.toFixed(value >= 100 ? 0 : 1)} ${units[at]}`
}

/** Counts on a strip: 1,234 · 12.3 k / 1.23万 · 4.56 M / 456万. */
export function count(n: number | null | undefined, language: Language): string {
  if (n === null || n === undefined || !Number.isFinite(n)) return '–'
  if (Math.abs(n) < 10_000) return n.toLocaleString('en-US', { maximumFractionDigits: Math.abs(n) < 100 ? 1 : 0 })
  if (language === 'zh') {
    const big = Math.abs(n) >= 1e8
    return `${trim(n / (big ? 1e8 : 1e4))} ${big ? '亿' : '万'}`
  }
  const [by, unit] = Math.abs(n) >= 1e9 ? [1e9, 'G'] : Math.abs(n) >= 1e6 ? [1e6, 'M'] : [1e3, 'k']
  return `${trim(n / by)} ${unit}`
}

const trim = (n: number) => (Math.abs(n) >= 100 ? n.toFixed(0) : Math.abs(n) >= 10 ? n.toFixed(1) : n.toFixed(2))

const SPAN: Record<Language, Record<string, string>> = {
  en: { s: 's', min: 'min', h: 'h', d: 'd' },
  zh: { s: '秒', min: '分钟', h: '小时', d: '天' },
}

/** `12 s`, `1.5 h` / `12 秒`, `1.5 小时`. */
export function span(seconds: number, language: Language): string {
  if (!Number.isFinite(seconds)) return '–'
  const { n, unit } = spanParts(seconds)
  const text = n >= 10 || Number.isInteger(n) ? String(Math.round(n)) : n.toFixed(1)
  return `${text} ${SPAN[language][unit] ?? unit}`
}

const SLACK_S = 60 // clocks of two machines differ by as much without anybody being wrong

/** How long ago, in seconds; the last two seconds and a little future are 0, what a wrong clock wrote is below 0. */
export function ageSeconds(us: number | null | undefined, nowMs: number): number | null {
  if (!us) return null
  const age = nowMs / 1000 - us / 1e6
  return age < -SLACK_S || age >= 2 ? age : 0
}

export const ratio = (n: number): string => `${(n * 100).toFixed(n >= 0.1 ? 0 : 1)} %`
