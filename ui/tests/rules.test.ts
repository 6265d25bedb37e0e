import { describe, expect, it } from 'vitest'
import { conditionText, limitOf, targetText, toWrite, type Whole, withRule } from '../src/core/rules'

const whole = { type: 'pump', points: { flow: { unit: 'm3/h', limits: { high: 60 } } } } as unknown as Whole

describe('alarms and KPIs of types', () => {
  it('are said in short', () => {
    expect(limitOf({ point: 'flow', when: 'high' }, whole)).toBe(60)
    expect(limitOf({ point: 'flow', when: 'low' }, whole)).toBeNull()
    expect(conditionText({ point: 'flow', when: 'high', on_delay: '10s' }, 60, 'm3/h')).toBe('> 60 m³/h · 10s')
    expect(conditionText({ point: 's', when: 'state', states: ['3', '4'] }, null, '', { '3': 'down' })).toBe('= 3 down, 4')
    expect(conditionText({ point: 'p', when: 'rate', per: '1min' }, -5, 'bar')).toBe('Δ < −5 bar / 1min')
    expect(conditionText({ point: 'p', when: 'stale', after: '5min' }, null, '')).toBe('∅ > 5min')
    expect(targetText({ target: 85, better: 'higher', unit: '%' })).toBe('≥ 85 %')
    expect(targetText({ target: null, better: 'higher', unit: '%' })).toBe('')
  })
  it('are added to a text that has none yet', () => {
    expect(withRule('type: pump\npoints:\n  flow: {}\n', 'alarms', 'much', { point: 'flow', when: 'high', limit: 5, title: '' })).toBe('type: pump\npoints:\n  flow: {}\nalarms:\n  much:\n    point: flow\n    when: high\n    limit: 5\n')
    expect(withRule('type: pump\nkpis: {}\n', 'kpis', 'k', { expression: 'time(s == 1)', states: ['3'] })).toBe('type: pump\nkpis:\n  k:\n    expression: "time(s == 1)"\n    states: ["3"]\n')
  })
  it('take the place of what stands there, and leave the rest as it is', () => {
    const text = 'type: pump\nalarms:\n    # first\n    a: {point: flow, when: high}\n    b:\n      point: flow\n      when: low\n\n# the end\nkpis:\n  k: {}\n'
    expect(withRule(text, 'alarms', 'a', { priority: 'low' })).toBe(text.replace('    a: {point: flow, when: high}\n', '    a:\n      priority: low\n'))
    expect(withRule(text, 'alarms', 'b', { enabled: false })).toBe(text.replace('    b:\n      point: flow\n      when: low\n', '    b:\n      enabled: false\n'))
    expect(withRule(text, 'alarms', 'c', { title: 'yes' })).toBe(text.replace('      when: low\n', '      when: low\n    c:\n      title: "yes"\n'))
    expect(withRule('alarms: {a: {}}\n', 'alarms', 'b', {})).toBeNull()
  })
  it('write of what is inherited only what is said otherwise', () => {
    expect(toWrite({ when: 'high', limit: 5 }, { when: 'high', limit: 6, title: '' }, true)).toEqual({ limit: 6 })
    expect(toWrite({}, { when: 'high' }, false)).toEqual({ when: 'high' })
  })
})
