/** Screens as people draw them: the twin of vocab/screens.py. One text, many items; no React here. */

export const SYMBOLS = ['pump', 'valve', 'tank', 'vessel', 'motor', 'drive', 'fan', 'compressor', 'conveyor', 'machine', 'robot', 'heat_exchanger', 'filter', 'sensor', 'meter', 'breaker', 'transformer', 'light'] as const
export const ELEMENTS = ['pipe', 'text', 'value', 'bar', 'gauge', 'trend', 'state', 'image', 'link'] as const
export const SLOTS = ['running', 'fault', 'open', 'level', 'value', 'speed', 'set_point'] as const
export type SymbolName = (typeof SYMBOLS)[number]
export type ElementName = (typeof ELEMENTS)[number]
export type Slot = (typeof SLOTS)[number]

/** The scale that is drawn, and from where on a value is worth a look or not right; in the point's unit. */
export interface Limits {
  min?: number | null
  max?: number | null
  low_low?: number | null
  low?: number | null
  high?: number | null
  high_high?: number | null
}

export interface ScreenItem {
  id: string
  is: SymbolName | ElementName
  /** x, y of the upper left corner, width, height, in the units of `size`. Everything but a pipe has it. */
  at?: [number, number, number, number] | null
  /** Degrees clockwise about its middle. */
  turn?: number
  /** A symbol is mirrored, left to right, before it is turned. */
  flip?: boolean
  /** Corners of a pipe. */
  path?: [number, number][]
  shows?: Partial<Record<Slot, string>>
  /** Which values mean yes; anything but 0 where it is not said. */
  when?: Partial<Record<Slot, number[]>>
  /** The points of a trend. */
  lines?: string[]
  /** How much of the past a trend shows: 30min, 8h, 7d. */
  span?: string
  limits?: Limits | null
  text?: string
  text_zh?: string
  /** The picture of an image: a file of the screen. */
  file?: string
  /** screen:NAME, asset:NAME or point:NAME; left out: what it shows. */
  opens?: string
  group?: string
}

export interface ScreenVariable {
  title?: string
  title_zh?: string
  /** Assets of this type … */
  type?: string
  /** … that stand here; or one of `choices`. */
  under?: string
  choices?: string[]
  default?: string
}

export interface ScreenText {
  screen: string
  title?: string
  title_zh?: string
  /** Width and height in drawing units; 1200 × 800 where it is not said. */
  size?: [number, number]
  /** The asset type it is drawn for: `~flow` is then the point `flow` of the asset that is looked at. */
  of?: string
  variables?: Record<string, ScreenVariable>
  /** A file of the screen that lies under all items. */
  photo?: string
  items?: ScreenItem[]
}

export type Chosen = Readonly<Record<string, string>>

/** The variable that says whose screen it is, of a screen that is drawn for a type. */
export const OWN = 'asset'
export const SIZE: [number, number] = [1200, 800]

/** The point's name that a reference means, with what was chosen for the variables. */
export function resolved(ref: string, chosen: Chosen): string {
  const whole = ref.startsWith('~') ? `\${${OWN}}.${ref.slice(1)}` : ref
  return whole.replace(/\$\{([a-z][a-z0-9_]{0,31})\}/g, (_, name: string) => chosen[name] ?? '')
}

/** All points that an item shows, as they are written, each with its field. */
export function referencesOf(item: ScreenItem): [field: string, ref: string][] {
  const shown = Object.entries(item.shows ?? {}).map(([slot, ref]): [string, string] => [`shows.${slot}`, ref])
  return [...shown, ...(item.lines ?? []).map((ref, at): [string, string] => [`lines.${at}`, ref])]
}

/** The names of all points that a screen shows, each once, sorted. */
export function pointsOf(screen: ScreenText, chosen: Chosen): string[] {
  const names = (screen.items ?? []).flatMap((item) => referencesOf(item).map(([, ref]) => resolved(ref, chosen)))
  return [...new Set(names)].sort()
}

/** Whether a value means yes for a slot like `running`. */
export function means(item: ScreenItem, slot: Slot, value: number | null | undefined): boolean {
  if (value === null || value === undefined || Number.isNaN(value)) return false
  return item.when?.[slot]?.includes(value) ?? value !== 0
}

/** Where a value lies on the scale that is drawn, 0 to 1; beyond its ends, at them. */
export function partOf(limits: Limits | null | undefined, value: number | null | undefined): number | null {
  const least = limits?.min ?? 0
  const most = limits?.max ?? 100
  return typeof value !== 'number' || !Number.isFinite(value) || most === least ? null : Math.min(1, Math.max(0, (value - least) / (most - least)))
}

export type Judged = 'normal' | 'look' | 'wrong'

/** Where a value lies among the limits. */
export function judged(limits: Limits | null | undefined, value: number | null | undefined): Judged {
  if (!limits || value === null || value === undefined || Number.isNaN(value)) return 'normal'
  const below = (limit: number | null | undefined) => typeof limit === 'number' && value < limit
  const above = (limit: number | null | undefined) => typeof limit === 'number' && value > limit
  if (below(limits.low_low) || above(limits.high_high)) return 'wrong'
  return below(limits.low) || above(limits.high) ? 'look' : 'normal'
}
