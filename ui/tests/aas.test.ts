import { describe, expect, it } from 'vitest'
import { type Element, lines } from '../src/core/aas'

const flow: Element = {
  idShort: 'flow',
  modelType: 'Property',
  displayName: [{ language: 'en', text: 'Flow' }, { language: 'zh', text: '流量' }],
  value: '5.5',
  qualifiers: [{ type: 'Time', value: '2026-11-22T02:42:47.753Z' }, { type: 'Quality', value: 'uncertain, substitute value' }],
  embeddedDataSpecifications: [{ dataSpecificationContent: { unit: 'm3/h' } }],
}

describe('the shell of an asset', () => {
  it('says its values in the language of the reader, with unit, time and quality', () => {
    const [line] = lines([flow], 'zh')
    expect(line).toMatchObject({ name: 'flow', title: '流量', text: '5.5', unit: 'm3/h', quality: 'uncertain', atUs: Date.UTC(2026, 10, 22, 2, 42, 47, 753) * 1000 })
  })
  it('shows the word of a state, texts in languages, and what is inside collections, lists and entities', () => {
    const held: Element[] = [
      { idShort: 'state', modelType: 'Property', value: '1', qualifiers: [{ type: 'Word', value: 'on' }] },
      { idShort: 'Maker', modelType: 'MultiLanguageProperty', value: [{ language: 'zh', text: '某厂' }] },
      { idShort: 'Areas', modelType: 'SubmodelElementList', value: [{ modelType: 'SubmodelElementCollection', value: [flow] }] },
      { idShort: 'EntryNode', modelType: 'Entity', globalAssetId: 'urn:a', statements: [{ idShort: 'part', modelType: 'Entity', globalAssetId: 'urn:b' }] },
    ]
    const [state, maker, areas, entry] = lines(held, 'en')
    expect([state?.text, maker?.text, entry?.text, entry?.inside[0]?.text]).toEqual(['on', '某厂', 'urn:a', 'urn:b'])
    expect(areas?.inside[0]).toMatchObject({ name: '[0]', key: '/Areas/[0]' })
    expect(areas?.inside[0]?.inside[0]?.name).toBe('flow')
  })
})
