import { describe, expect, it } from 'vitest'
import { base64, renamedTemplate, sampleTable, saidChange, validTemplate } from '../src/core/devicetemplates'

describe('device templates', () => {
  it('begin a table of devices with the columns that they need', () => {
    const whole = { template: 'm', driver: 'modbus', points: {}, parameters: { ct: { default: 40 } } } as never
    expect(sampleTable(whole)).toBe('device,asset,host,unit,ct\nmeter1,hall1.meter1,192.168.1.10,1,40\n')
  })
  it('are copied under another name, whether their text says one or not', () => {
    expect(renamedTemplate('# a\ntemplate: x\ndriver: sim\n', 'y')).toBe('# a\ntemplate: y\ndriver: sim\n')
    expect(renamedTemplate('driver: sim\n', 'y')).toBe('template: y\ndriver: sim\n')
    expect([validTemplate('pump-1'), validTemplate('Pump'), validTemplate('-x'), validTemplate('')]).toEqual([true, false, false, false])
  })
  it('say a change in a few words, also where there was nothing', () => {
    expect(saidChange([{ field: 'scale', before: 1, after: 0.1 }, { field: 'counter', before: null, after: { resets: true } }] as never)).toBe('scale 1 → 0.1, counter – → {"resets":true}')
  })
  it('send workbooks of any size', () => {
    const bytes = new Uint8Array(20_000).map((_, at) => at % 256)
    expect(Uint8Array.from(atob(base64(bytes)), (one) => one.charCodeAt(0))).toEqual(bytes)
  })
})
