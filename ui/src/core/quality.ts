/** The quality code, as vocab/quality.py defines it: upper 16 bits of an OPC UA status code, and our flags. */

export type Severity = 'good' | 'uncertain' | 'bad'

export const SIMULATED = 0x1_0000
const MANUAL = 0x0096

const NAMED = new Set([
  0x0000, 0x0096, 0x0030, 0x4000, 0x4090, 0x4091, 0x4093, 0x40a0, 0x8000, 0x8001, 0x8031, 0x8032, 0x8034, 0x803c, 0x8074, 0x8089, 0x808a, 0x808b,
  0x808c, 0x809e, 0x80af, 0x8fff,
])

export function severity(quality: number): Severity {
  const two = (quality >> 14) & 0b11
  return two === 0 ? 'good' : two === 1 ? 'uncertain' : 'bad'
}

export const isSimulated = (quality: number): boolean => (quality & SIMULATED) !== 0
export const isManual = (quality: number): boolean => (quality & 0xffff) === MANUAL

/** Key into the words table for a quality: `quality.c8031`, or the severity when the code has no word of its own. */
export function qualityKey(quality: number): string {
  const code = quality & 0xffff
  return NAMED.has(code) ? `quality.c${code.toString(16).padStart(4, '0')}` : `quality.${severity(code)}`
}

export const hex = (quality: number): string => `0x${(quality & 0xffff).toString(16).toUpperCase().padStart(4, '0')}`
