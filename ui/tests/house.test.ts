import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../src')

// A folder imports itself and what stands left of it; charts and editor never each other.
const MAY: Record<string, string[]> = {
  wire: ['wire'],
  core: ['wire', 'core'],
  charts: ['wire', 'core', 'charts'],
  mimic: ['wire', 'core', 'mimic'],
  editor: ['wire', 'core', 'editor'],
  components: ['wire', 'core', 'charts', 'mimic', 'editor', 'components'],
  pages: ['wire', 'core', 'charts', 'mimic', 'editor', 'components', 'pages'],
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? sources(path) : /\.tsx?$/.test(entry.name) ? [path] : []
  })
}

const files = sources(ROOT).map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, 'utf8') }))

describe('the house', () => {
  it('imports only downwards', () => {
    for (const { path, text } of files) {
      const room = path.split('/')[0] ?? ''
      const allowed = MAY[room]
      if (!allowed || !path.includes('/')) continue
      for (const [, target = ''] of text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
        const other = relative(ROOT, resolve(ROOT, dirname(path), target)).split('/')[0] ?? ''
        expect([path, target, allowed.includes(other)]).toEqual([path, target, true])
      }
    }
  })
  it('keeps core free of React', () => {
    for (const { path, text } of files) if (/^(core|wire)\//.test(path)) expect([path, /from 'react/.test(text)]).toEqual([path, false])
  })
  it('keeps files short', () => {
    for (const { path, text } of files) if (!path.startsWith('wire/')) expect([path, text.split('\n').length <= 251]).toEqual([path, true])
  })
  it('uses no any', () => {
    // what is generated says in its comments what people wrote
    for (const { path, text } of files) if (path !== 'wire/openapi.ts') expect([path, /[:<]\s*any\b|as any\b/.test(text)]).toEqual([path, false])
  })
  it('asks nothing of other machines', () => {
    for (const { path, text } of files) expect([path, /https?:\/\/(?!127\.0\.0\.1|maker|www\.w3\.org)/.test(text)]).toEqual([path, false])
  })
  it('locks versions without addresses', () => {
    const lock = readFileSync(join(ROOT, '../package-lock.json'), 'utf8')
    expect(/"resolved"/.test(lock)).toBe(false)
  })
})
