/** Devices that called a gateway and that nobody waits for: what can be made of them. */
import type { components } from '../wire/openapi'
import { askJson } from './http'

export type GatewayCalls = components['schemas']['GatewayCalls']
export type Stranger = components['schemas']['Stranger']

export const callers = { list: (signal?: AbortSignal) => askJson<GatewayCalls[]>('/calls', { signal }) }

const MN = /^##\d{4}.*?;MN=([0-9A-Za-z]{1,32});/
const NUMBER = /(?<![0-9A-Za-z])(?:\d{15}|[0-9A-F]{19,20})(?![0-9A-Za-z])/
const PLAIN = /^[\x20-\x7e]+$/

/** The driver and options with which a device waits for this caller: HJ 212 by its MN, else a DTU with Modbus behind it. */
export function deviceFor(stranger: Pick<Stranger, 'text' | 'hex'>): Record<string, string> {
  const mn = MN.exec(stranger.text)?.[1]
  if (mn) return { driver: 'hj212', mn }
  const made = { driver: 'modbus', transport: 'rtu-over-tcp' }
  const number = NUMBER.exec(stranger.text)?.[0]
  if (number) return { ...made, registration: number, registration_is: 'number' }
  if (PLAIN.test(stranger.text)) return { ...made, registration: stranger.text }
  return { ...made, registration: stranger.hex, registration_is: 'hex' }
}

/** Where such a device is made, its form filled in. */
export const addLink = (stranger: Pick<Stranger, 'text' | 'hex'>) => `/connect/add?${new URLSearchParams(deviceFor(stranger)).toString()}`
