/** A driver's options as form values: defaults, what is shown, what is sent. */
import type { Manifest, Option } from '../wire/api'

export type Values = Record<string, unknown>

export function defaults(manifest: Manifest): Values {
  const out: Values = {}
  for (const option of manifest.options ?? []) if (option.default !== undefined && option.default !== null) out[option.name] = option.default
  return out
}

const SERIAL = new Set(['serial_port', 'baudrate', 'parity', 'stopbits', 'bytesize'])
const NETWORK = new Set(['host', 'port'])

/** Fields that cannot matter are left out: no baud rate over Ethernet. */
export function visible(option: Option, values: Values): boolean {
  if (values.transport === undefined) return true
  const serial = values.transport === 'serial'
  if (SERIAL.has(option.name)) return serial
  return !(NETWORK.has(option.name) && serial)
}

/** Only what differs from the defaults goes into the file; empty fields do not. */
export function changed(manifest: Manifest, values: Values): Values {
  const out: Values = {}
  for (const option of manifest.options ?? []) {
    const value = values[option.name]
    if (value === undefined || value === null || value === '') continue
    if (!visible(option, values) || value === option.default) continue
    out[option.name] = value
  }
  return out
}

export function missing(manifest: Manifest, values: Values): string[] {
  return (manifest.options ?? []).filter((option) => option.required && visible(option, values) && (values[option.name] === undefined || values[option.name] === '')).map((option) => option.name)
}

/** What a device may be called when nobody says: the driver and the end of its address. */
export function proposedTitle(manifest: Manifest, values: Values): string {
  const told = [values.host, values.url, values.endpoint, values.registration, values.mn].find(Boolean)
  const where = String(told ?? '').replace(/^[a-z.]+:\/\//i, '').replace(/[:/].*$/, '')
  return where ? `${manifest.id}-${where}` : manifest.id
}
