/** What the server says of people, companies and my own account, as TypeScript. */

export interface Member {
  name: string
  roles: string[]
  locked: boolean
  must_set_password: boolean
  second_factor: boolean
  sessions: number
  signed_in_us: number | null
  created_us: number
}

export interface RoleLine {
  role: string
  title: string
  title_zh: string
  actions: string[]
  platform: boolean
  mine: boolean
}

export interface SessionLine {
  id: string
  created_us: number
  expires_us: number
  address: string
  browser: string
  here: boolean
  how: string
  what: string
  factor: boolean
}

export interface Company {
  tenant: string
  title?: string
  title_zh?: string
  region?: string
  credit_code?: string
  state?: string
  created_us?: number
}

export interface Factor {
  confirmed: boolean
  required: boolean
  codes_left: number
}

export interface NewFactor {
  secret: string
  uri: string
  picture: string
}

export interface Grant {
  id: string
  title: string
  text: string
  principal: string
  actions: string[]
  object: string
  permits: boolean
  data_from_us: number | null
  data_until_us: number | null
  made_by: string
  made_us: number
  revoked_us: number | null
}

export interface PasskeyLine {
  id: string
  title: string
  site: string
  synced: boolean
  copied: boolean
  created_us: number
  used_us: number | null
}

export interface MyPasskeys {
  keys: PasskeyLine[]
  /** Whether one can be made at this address; `why` says why not. */
  here: boolean
  why?: string
}

export interface MadePasskey {
  id: string
  codes: string[]
}

export interface ProviderButton {
  tenant: string
  provider: string
  title: string
  title_zh: string
}

export interface SignInPage {
  passkeys: boolean
  providers: ProviderButton[]
}

export interface AccountLine {
  id: string
  provider: string
  account: string
  made_here: boolean
  created_us: number
  used_us: number | null
}

export interface MyAccounts {
  accounts: AccountLine[]
  offered: ProviderButton[]
}

export interface WaysToProve {
  ways: string[]
  passkey?: Record<string, unknown> | null
}

export interface WaysIn {
  phone: boolean
  codes_left: number
  passkeys: PasskeyLine[]
  accounts: AccountLine[]
}
