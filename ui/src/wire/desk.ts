/** What the server says at the operator's desk, as TypeScript. */

export interface SupportAccess {
  id: string
  tenant: string
  asker: string
  reason: string
  level: string
  actions: string[]
  hours: number
  asked_us: number
  /** asked | open | refused | over */
  state: string
  decided_by: string
  decided_us: number | null
  ends_us: number | null
  ended_by: string
  ended_us: number | null
}

export interface Happened {
  time_us: number
  who: string
  what: string
  text?: string
}

export interface Double {
  /** credit_code | id | application */
  what: string
  name: string
}

export interface Application {
  id: string
  tenant: string
  /** new | taken | asked | refused | approved */
  state: string
  finished: boolean
  region: string
  title: string
  title_zh: string
  credit_code: string
  contact: string
  phone: string
  email: string
  wish: string
  package: string
  admin: string
  source: string
  entered_by: string
  reviewer: string
  simulated: boolean
  made_us: number
  changed_us: number
  history: Happened[]
  doubles: Double[]
}

export interface DeskRules {
  open: boolean
  two_persons: boolean
  region: string
}

export interface PackageLine {
  name: string
  title: string
  title_zh: string
  devices: number
  offered: boolean
  shipped: boolean
  error: string
  text: string
}

export interface ApplyPage {
  open: boolean
  regions: { region: string; title: string; title_zh: string }[]
  packages: { package: string; title: string; title_zh: string; text: string; text_zh: string }[]
}

export interface ApplicantState {
  reference: string
  state: string
  title: string
  title_zh: string
  credit_code: string
  made_us: number
  changed_us: number
  tenant: string
  admin: string
  said: { time_us: number; what: string; text: string }[]
}

export interface Looks {
  region: string
  title: string
  title_zh: string
  accent: string
  accent_dark: string
  /** The address of the logo; empty for the platform's. */
  logo: string
}

export interface LookOf {
  region: string
  look: { title?: string; title_zh?: string; accent?: string; accent_dark?: string; hosts?: string[] }
  logo: string
  wrong: string
}
