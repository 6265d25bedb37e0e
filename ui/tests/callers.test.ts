import { describe, expect, it } from 'vitest'
import { addLink, deviceFor } from '../src/core/callers'

describe('what can be made of a caller', () => {
  it('an environmental monitor is known by its MN', () => {
    const text = '##0136QN=20160801085857223;ST=32;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5;CP=&&'
    expect(deviceFor({ text, hex: '' })).toEqual({ driver: 'hj212', mn: '010000A8900016F000169DC0' })
  })
  it('a DTU by the number in its packet, by its text, else by its bytes', () => {
    expect(deviceFor({ text: '+REG:867567012345678,21', hex: '' }).registration).toBe('867567012345678')
    expect(deviceFor({ text: 'ICCID:89860619040012345678', hex: '' }).registration_is).toBe('number')
    expect(deviceFor({ text: 'DTU0001', hex: '44' })).toEqual({ driver: 'modbus', transport: 'rtu-over-tcp', registration: 'DTU0001' })
    expect(deviceFor({ text: '�', hex: 'aa 01' })).toMatchObject({ registration: 'aa 01', registration_is: 'hex' })
    expect(addLink({ text: 'A B', hex: '' })).toBe('/connect/add?driver=modbus&transport=rtu-over-tcp&registration=A+B')
  })
})
