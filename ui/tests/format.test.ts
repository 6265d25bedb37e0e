import { describe, expect, it } from 'vitest'
import { ageSeconds, bytes, count, number, onScale, shown, span, steady, unitText } from '../src/core/format'
import { hex, isManual, isSimulated, qualityKey, severity, SIMULATED } from '../src/core/quality'

describe('numbers', () => {
  it('shows five significant digits without exponents where people would not write one', () => {
    expect(number(47.318)).toBe('47.318')
    expect(number(1234567)).toBe('1,234,567')
    expect(number(-0.00123)).toBe('−0.00123')
    expect(number(1_234_567_890)).toBe('1,234,567,890')
    expect(onScale(1_234_567_890)).toBe('1.235e+9')
    expect(number(2 ** 63)).toBe('9.223e+18')
    expect(number(null)).toBe('–')
    expect(number(Number.NaN)).toBe('–')
  })
  it('keeps the places of a live number', () => {
    expect(steady(47.3)).toBe('47.30')
    expect(steady(147.31)).toBe('147.3')
    expect(steady(0.5)).toBe('0.500')
  })
  it('shows states by their word, text as it is', () => {
    expect(shown(2, null, 'state', { '2': 'running' })).toBe('running')
    expect(shown(7, null, 'state', {})).toBe('7')
    expect(shown(null, 'idle', 'text')).toBe('idle')
    expect(shown(889123, null, 'counter')).toBe('889,123')
  })
  it('writes units as instruments do', () => {
    expect(unitText('Cel')).toBe('°C')
    expect(unitText('m3/h')).toBe('m³/h')
    expect(unitText('{count}')).toBe('')
    expect(unitText('bar')).toBe('bar')
  })
  it('does not call a time that is still to come now', () => {
    expect(ageSeconds(100e6, 101e3)).toBe(0)
    expect(ageSeconds(130e6, 101e3)).toBe(0)
    expect(ageSeconds(86_500e6, 100e3)).toBe(-86_400)
  })
  it('counts in the habit of the language', () => {
    expect(count(36_123_456, 'zh')).toBe('3612 万')
    expect(count(36_123_456, 'en')).toBe('36.1 M')
    expect(count(212.44, 'en')).toBe('212')
    expect(bytes(1_234_000)).toBe('1.2 MB')
    expect(span(5400, 'zh')).toBe('1.5 小时')
    expect(span(3600, 'en')).toBe('1 h')
  })
})

describe('quality', () => {
  it('reads the severity of an OPC UA code with our flags on top', () => {
    expect(severity(0)).toBe('good')
    expect(severity(0x4093 | SIMULATED)).toBe('uncertain')
    expect(severity(0x8031 | SIMULATED)).toBe('bad')
    expect(isSimulated(SIMULATED)).toBe(true)
    expect(isManual(0x96 | SIMULATED)).toBe(true)
  })
  it('falls back to the severity for codes without a word', () => {
    expect(qualityKey(0x8031)).toBe('quality.c8031')
    expect(qualityKey(0x8123)).toBe('quality.bad')
    expect(hex(0x1_8031)).toBe('0x8031')
  })
})
