/** Chart colours after Okabe & Ito (colour-blind safe), darkened or lightened for each theme; no alarm red. */

export type Theme = 'light' | 'dark'

const LIGHT = ['#0b6fa8', '#c07800', '#00805e', '#9c4f86', '#4f5bb5', '#7a6a00', '#2a9bc9', '#5d6670']
const DARK = ['#5bb5ea', '#e5a63a', '#3fc49c', '#d792bd', '#98a4f5', '#d8cf55', '#86d4f2', '#b4bec9']

/** Beyond eight the colours return with a dash pattern. */
const DASHES: number[][] = [[], [8, 4], [2, 3]]

export function colourOf(index: number, theme: Theme): string {
  const set = theme === 'dark' ? DARK : LIGHT
  return set[index % set.length] ?? '#888'
}

export function dashOf(index: number): number[] {
  return DASHES[Math.floor(index / LIGHT.length) % DASHES.length] ?? []
}

export function faded(hex: string, alpha: number): string {
  const n = Number.parseInt(hex.slice(1), 16)
  return `rgba(${(n >> 16) & 255}, ${(n >> 8) & 255}, ${n & 255}, ${alpha})`
}
