/** What the server says, as TypeScript. Written by hand until `npm run wire` generates it from OpenAPI. */

import type { components } from './openapi'

/** RFC 9457; `title` is the sentence for people. */
export interface Problem {
  code: string
  title: string
  title_zh?: string
  detail?: string
  fields?: Record<string, unknown>
  advice?: string
  advice_zh?: string
  place?: string
  status?: number
}

export interface Session {
  user: string
  tenant: string
  /** Its titles; empty before it has been named. */
  company?: string
  company_zh?: string
  region?: string
  language?: 'en' | 'zh' | ''
  role?: string
  must_set_password?: boolean
  /** password, passkey or account */
  how?: string
  must_set_factor?: boolean
  /** There is a second factor, and this session has not shown it. */
  must_show_factor?: boolean
  /** The company is to be named. */
  set_up?: boolean
  may?: { company: string[]; platform: string[] }
  demo?: boolean
}

export type State = 'good' | 'uncertain' | 'bad' | 'stale' | 'unknown'
export type PointKind = 'gauge' | 'counter' | 'state' | 'text' | 'burst' | 'setpoint'

export interface Headline {
  point: string
  title: string
  title_zh?: string
  unit: string
  kind?: PointKind
  states?: Record<string, string>
  states_zh?: Record<string, string>
  value: number | string | null
  time_us: number
  quality: number
}

export interface AssetTile {
  asset: string
  title: string
  title_zh?: string
  state: State
  points: number
  bad: number
  spark: { point: string; unit: string; title: string; title_zh?: string; times_us: number[]; values: (number | null)[] } | null
  headline: Headline[]
}

export interface Attention {
  severity: 'high' | 'medium' | 'low'
  kind: string
  title: string
  title_zh?: string
  detail: string
  detail_zh?: string
  advice: string
  advice_zh?: string
  link: string
  time_us: number
}

export interface Pulse {
  accepted_values_s: number
  visible_values_s: number
  latency_ms_p99: number | null
  backlog_frames: number
  backlog_eta_s: number | null
  points: number
  devices_ok: number
  devices: number
}

export interface Overview {
  assets: AssetTile[]
  attention: Attention[]
  pulse: Pulse
  demo: boolean
}

export interface HealthTile {
  tile: 'network' | 'platform' | 'data' | 'security'
  state: State
  detail: string
  detail_zh?: string
  advice?: string
  advice_zh?: string
}

export interface ProcessRow {
  name: string
  pid: number
  rss: number
  cpu: number
  state: string
  since_us: number
  restarts: number
}

export interface SystemState {
  health: HealthTile[]
  throughput: Record<string, unknown>
  backlog: Record<string, unknown>
  disk: Record<string, unknown>
  processes: ProcessRow[]
  dropped: { what: string; where: string; count: number; last_us: number | null }[]
  lake: Record<string, unknown>
  bus: Record<string, unknown>
  mqtt: Record<string, unknown>
  /** Null where no OPC UA server was asked for. */
  opcua: components['schemas']['OpcUaState'] | null
}

export interface Words {
  en: string
  zh: string
}

export interface Option {
  name: string
  type: 'string' | 'integer' | 'number' | 'boolean' | 'secret' | 'choice' | 'text'
  label: Words
  required?: boolean
  default?: unknown
  choices?: string[]
  help?: Words | null
  advanced?: boolean
}

export interface Manifest {
  id: string
  title: Words
  summary: Words
  standard: string
  capabilities: string[]
  tier: 'gold' | 'silver' | 'bronze'
  address_help: Words
  address_examples?: string[]
  options?: Option[]
}

export type DeviceState = 'connected' | 'connecting' | 'down' | 'disabled' | 'unknown'

export interface DeviceRow {
  device: string
  driver: string
  title: string
  title_zh?: string
  enabled: boolean
  gateway: string
  state: DeviceState
  since_us: number | null
  error: Problem | null
  points: number
  good: number
  bad: number
  values_s: number
}

export interface PointSpec {
  name: string
  address: string
  kind?: PointKind
  unit?: string
  title?: string
  title_zh?: string
  semantic?: string
  scale?: number
  offset?: number
  scan?: string
  sloped?: boolean
  states?: Record<string, string>
  states_zh?: Record<string, string>
  deadband?: number
}

export interface DeviceSpec {
  device: string
  driver: string
  gateway?: string
  title?: string
  title_zh?: string
  enabled?: boolean
  options?: Record<string, unknown>
  scan?: Record<string, string>
  timeout_s?: number
  session_budget?: number
  stale_after_s?: number
  max_age?: string
  assets?: Record<string, { title?: string; title_zh?: string }>
  template?: string
  parameters?: Record<string, string | number | boolean>
  points?: PointSpec[]
}

export interface ScanClass {
  class: string
  period_s: number
  last_ms: number | null
  overruns: number
  late_p99_ms: number | null
}

export interface DeviceStatus extends DeviceRow {
  counters?: Record<string, number>
  session?: Record<string, unknown>
  scan?: ScanClass[]
  backoff_s?: number | null
}

export interface DevicePage {
  spec: DeviceSpec
  yaml: string
  revision?: number
  status: DeviceStatus
  warnings?: { place: string; title: string; title_zh: string; suggestion?: string }[]
}

export interface DeviceEvent {
  kind: string
  time_us: number
  detail: Record<string, unknown>
}

export interface TestStep {
  name: string
  ok: boolean
  detail: string
  ms?: number
}

export interface TestVerdict {
  ok: boolean
  detail: string
  steps: TestStep[]
  error: Problem | null
}

export interface Node {
  path: string
  title: string
  has_children: boolean
  address: string
  type: string
  unit: string
  value: unknown
  quality: number
  time_us: number | null
  writable: boolean
  kind: PointKind
  /** Of what a search found: the titles above, from the top. */
  folders?: readonly string[]
}

export interface Preview {
  address: string
  value: number | string | boolean | null
  quality: number
  time_us: number | null
  error: Problem | null
}

export interface Latest {
  value: number | string | null
  time_us: number
  quality: number
}

export interface Point {
  number: string
  name: string
  asset: string
  quantity: string
  title: string
  title_zh?: string
  asset_title?: string
  asset_title_zh?: string
  unit: string
  kind: PointKind
  states?: Record<string, string>
  states_zh?: Record<string, string>
  device: string
  address: string
  scan_s?: number
  sloped?: boolean
  discovered?: boolean
  retired?: boolean
  write?: components['schemas']['WriteRule'] | null
  may_write?: boolean
  latest: Latest | null
}

export interface WhyStep {
  step: string
  title: string
  title_zh?: string
  state: 'good' | 'uncertain' | 'bad' | 'unknown'
  detail: string
  detail_zh?: string
  time_us: number | null
  error: Problem | null
  action: { label: string; label_zh?: string; link: string } | null
}

export interface Why {
  point: string
  at_us: number
  verdict: { state: State; sentence: string; sentence_zh?: string }
  last_good_us: number | null
  chain: WhyStep[]
  events: DeviceEvent[]
}

export interface SeriesHead {
  name: string
  number: string
  unit: string
  title?: string
  title_zh?: string
  asset_title?: string
  asset_title_zh?: string
  kind: PointKind
  rows: number
  downsampled: boolean
  /** The first sample stands before the window and its value lasts into it. */
  held?: boolean
  sloped?: boolean
  states?: Record<string, string>
  states_zh?: Record<string, string>
}

export interface SqlResult {
  columns: { name: string; type: string }[]
  rows: unknown[][]
  rows_total: number
  truncated: boolean
  ms: number
}

export interface SqlTable {
  name: string
  columns: { name: string; type: string }[]
}

export interface Episode {
  id: string
  asset: string
  kind: string
  start_us: number
  end_us?: number | null
  title?: string
  title_zh?: string
  attributes?: Record<string, unknown>
  simulated?: boolean
}

export interface Fault {
  id: string
  title: string
  title_zh?: string
  asset: string
  active: boolean
  since_us: number | null
  description: string
  description_zh?: string
}

export interface TourStep {
  title: string
  title_zh?: string
  text?: string
  text_zh?: string
  link?: string
}

export interface Demo {
  faults: Fault[]
  tour: TourStep[]
}

export interface Token {
  id: string
  title: string
  person: string | null
  created_us: number
}

/** MQTT topic filters beside the device's own topics. */
export interface Topics {
  publish: string[]
  subscribe: string[]
}

export interface Credential extends Topics {
  username: string
  device: string
  created_us: number
  used_us: number | null
}

export interface MadeCredential {
  username: string
  password: string
  device: string
}

export interface PointStatistics {
  name: string
  rows: number
  least: number | null
  greatest: number | null
  first: number | null
  last: number | null
  /** Weighted by time, like `deviation`. */
  mean: number | null
  deviation: number | null
  good_s: number | null
  /** Seconds in equal steps from least to greatest; empty unless asked for. */
  bins: number[]
}

/** One live value as it crosses the WebSocket: index into the subscription, then the value. */
export type LiveValue = [index: number, time_us: number, value: number | string | null, text: string | null, quality: number]
