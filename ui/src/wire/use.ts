/** What the server says of use, quotas and bills, as TypeScript. */

export interface QuotaLine {
  what: string
  limit: number
  used: number
  part: number
  level: string
  place?: string
}

export interface Figure {
  measure: string
  kind: string
  unit: string
  title: string
  title_zh: string
  value: number | null
  point: string
}

export interface Use {
  tenant: string
  title: string
  title_zh: string
  region: string
  month: string
  start_us: number
  until_us: number
  last_us: number
  figures: Figure[]
  quotas: QuotaLine[]
  spark: number[]
}

export interface CompanyUse {
  tenant: string
  title: string
  title_zh: string
  region: string
  state: string
  troubles: string[]
  worst: QuotaLine | null
  last_us: number
  counters: Record<string, number>
  levels: Record<string, number>
  spark: number[]
  cost: string | null
  currency: string
}

export interface CompaniesUse {
  month: string
  total: number
  troubled: Record<string, number>
  companies: CompanyUse[]
}

export interface QuotaText {
  level: string
  place: string
  text: string
}

export interface QuotasOf {
  tenant: string
  lines: QuotaLine[]
  texts: QuotaText[]
}

export interface Charge {
  item: string
  unit: string
  start_us: number
  end_us: number
  tariff: string
  quantity: string
  free: string
  billed: string
  price: string
  amount: string
}

export interface Bill {
  kind: string
  tenant: string
  month: string
  currency: string
  lines: Charge[]
  total: string
  payable: string
  until_us: number
  number?: string
  corrects?: string
  reason?: string
  issued_us?: number | null
}

export interface MonthBill {
  now: Bill
  issued: Bill[]
  difference: Bill | null
}
