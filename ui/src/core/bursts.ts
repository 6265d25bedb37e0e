/** Waveforms: what the server says of them, and the arithmetic of spectra. No React. */
import { askJson, query } from './http'

export interface BurstRow {
  id: string
  time_us: number
  rate_hz: number
  samples: number
  quality: number
  rms: number | null
  peak: number | null
  crest: number | null
  kurtosis: number | null
  spectrum: number[]
}

export interface Bursts {
  point: string
  unit: string
  title: string
  total: number
  span_hz: number
  bursts: BurstRow[]
}

export interface Wave {
  burst: BurstRow
  unit: string
  seconds: number[]
  values: (number | null)[]
}

export interface Lines {
  id: string
  unit: string
  step_hz: number
  low_hz: number
  high_hz: number
  frequencies_hz: number[]
  values: number[]
}

export type SpectrumKind = 'amplitude' | 'envelope'
export interface Band {
  low_hz: number
  high_hz: number
}

const id = encodeURIComponent

export const bursts = {
  list: (point: string, start: string, most: number, lines: number, kind: SpectrumKind, band: Band, signal?: AbortSignal) =>
    askJson<Bursts>(`/points/${id(point)}/bursts${query({ start, most, lines, kind, ...band })}`, { signal }),
  wave: (burst: string, width: number, signal?: AbortSignal) => askJson<Wave>(`/bursts/${id(burst)}${query({ width })}`, { signal }),
  spectrum: (burst: string, kind: SpectrumKind, band: Band, lines: number, signal?: AbortSignal) =>
    askJson<Lines>(`/bursts/${id(burst)}/spectrum${query({ kind, ...band, lines })}`, { signal }),
}

/** The base and its multiples up to `topHz`, at most `most` of them; none for a base that is none. */
export function harmonics(baseHz: number, topHz: number, most = 10): number[] {
  if (!(baseHz > 0)) return []
  const count = Math.min(most, Math.floor(topHz / baseHz))
  return Array.from({ length: Math.max(count, 0) }, (_, i) => baseHz * (i + 1))
}

/** How many times the base a frequency is; null without a base. */
export const order = (hz: number, baseHz: number): number | null => (baseHz > 0 ? hz / baseHz : null)

/** Index of the value of an ascending list that lies nearest. */
export function nearest(ascending: readonly number[], wanted: number): number {
  let low = 0
  let high = ascending.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((ascending[middle] ?? 0) <= wanted) low = middle
    else high = middle
  }
  return Math.abs((ascending[high] ?? 0) - wanted) < Math.abs((ascending[low] ?? 0) - wanted) ? high : low
}

/** Spectra as rows of 0 to 1 for a picture: logarithmic, from `decades` below the highest line to it. */
export function shades(rows: readonly BurstRow[], decades = 2.5): number[][] {
  const top = Math.max(...rows.flatMap((row) => row.spectrum), 0)
  return rows.map((row) => row.spectrum.map((value) => (value > 0 && top > 0 ? Math.min(Math.max(1 + Math.log10(value / top) / decades, 0), 1) : 0)))
}

/** Leave out what a logarithmic axis cannot show. */
export const positive = (values: readonly (number | null)[]): (number | null)[] => values.map((v) => (v !== null && v > 0 ? v : null))
