/** Colours and fonts of the page, read once per drawing: a canvas cannot use CSS variables. */

export interface Ink {
  text: string
  muted: string
  line: string
  grid: string
  accent: string
  hatch: string
  band: string
  surface: string
  font: string
}

export function readInk(): Ink {
  const style = getComputedStyle(document.documentElement)
  const get = (name: string) => style.getPropertyValue(name).trim()
  return {
    text: get('--text'), muted: get('--muted'), line: get('--line'), grid: get('--grid'), accent: get('--accent'),
    hatch: get('--hatch'), band: get('--band'), surface: get('--surface'), font: `11px ${get('--sans')}`,
  }
}
