import { describe, expect, it } from 'vitest'
import { asList, asObject, entriesOf, type Field, isMany, pathId, said } from '../src/core/templates'

const field = (more: Partial<Field>): Field => ({ id_short: 'Marking__00__', kind: 'Property', least: 1, most: 0, titles: {}, texts: {}, semantic: '', value_type: '', content_type: '', unit: '', example: '', default: '', choices: [], is_closed: false, low: null, high: null, either: '', pattern: '', is_named: false, fields: [], ...more })

describe('a template as a form', () => {
  it('shows as many entries as the template needs, and those that there are', () => {
    expect(entriesOf(field({ least: 2 }), ['a'])).toEqual(['a', null])
    expect(entriesOf(field({ least: 1, is_named: true }), undefined)).toEqual([{}])
    expect(entriesOf(field({ least: 0 }), ['a', 'b'])).toEqual(['a', 'b'])
    expect(isMany(field({ most: 1 }))).toBe(false)
  })
  it('takes what is not as it should be for nothing, not for an error', () => {
    expect([asObject('x'), asObject(['x']), asObject(null)]).toEqual([{}, {}, {}])
    expect([asList('x'), asList(''), asList(undefined)]).toEqual([['x'], [], []])
  })
  it('says a title in the language of the reader, else in English, else the name', () => {
    expect(said({ en: 'Power', zh: '功率' }, 'zh', 'P')).toBe('功率')
    expect(said({ de: 'Leistung', en: 'Power' }, 'zh', 'P')).toBe('Power')
    expect(said({}, 'zh', 'P')).toBe('P')
  })
  it('writes ids as base64url without padding', () => {
    expect(pathId('urn:泵?')).toBe(Buffer.from('urn:泵?').toString('base64url'))
  })
})
