import { describe, expect, it } from 'vitest'
import { markOf, requestCommand, requestIn } from '../src/core/certificates'

const DAY = 86_400e6

describe('certificates', () => {
  it('finds the request in what was pasted from a terminal', () => {
    const pem = '-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----'
    expect(requestIn(`$ cat press3.csr\n${pem}\n$ `)).toBe(`${pem}\n`)
    expect(requestIn('-----BEGIN CERTIFICATE REQUEST-----\nMIIB')).toBeNull()
    expect(requestIn('-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----')).toBeNull()
  })

  it('says before the end that it comes', () => {
    expect(markOf({ state: 'good', until_us: 100 * DAY }, 0)).toBe('good')
    expect(markOf({ state: 'good', until_us: 29 * DAY }, 0)).toBe('uncertain')
    expect(markOf({ state: 'ended', until_us: 0 }, DAY)).toBe('bad')
    expect(markOf({ state: 'revoked', until_us: 100 * DAY }, 0)).toBe('off')
  })

  it('names the files after the device', () => {
    expect(requestCommand('press3')).toContain('-out press3.key')
    expect(requestCommand('press3')).toContain('/CN=press3')
  })
})
