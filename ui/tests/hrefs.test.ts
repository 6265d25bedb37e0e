import { afterEach, describe, expect, it, vi } from 'vitest'
import { exportLink } from '../src/core/calls'
import { lotFile } from '../src/core/lots'

describe('files that a browser fetches itself', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('are about the company that is visited', () => {
    vi.stubGlobal('sessionStorage', { getItem: () => 'acme' })
    expect(lotFile('SN-1', 'back', 'xlsx', 'zh')).toMatch(/^\/api\/v1\/lots\/trace\?lot=SN-1&.*&tenant=acme$/)
    expect(exportLink(['pump1.flow'], '-1h', 'now', 'csv')).toMatch(/^\/api\/v1\/series\?points=pump1\.flow&.*&tenant=acme$/)
  })

  it('name no company at home', () => expect(lotFile('SN-1', 'back', 'csv', 'en')).not.toContain('tenant='))
})
