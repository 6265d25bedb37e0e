import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import en from '../src/core/words/en.json'
import zh from '../src/core/words/zh.json'

type Table = { [key: string]: string | Table }

function flat(table: Table, prefix = ''): Map<string, string> {
  const out = new Map<string, string>()
  for (const [key, value] of Object.entries(table)) {
    if (typeof value === 'string') out.set(prefix + key, value)
    else for (const [inner, text] of flat(value, `${prefix}${key}.`)) out.set(inner, text)
  }
  return out
}

const english = flat(en)
const chinese = flat(zh)

describe('the two tables', () => {
  it('have the same keys', () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort())
  })
  it('have the same placeholders', () => {
    const holes = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((m) => m[1]).sort()
    for (const [key, text] of english) expect([key, holes(chinese.get(key) ?? '')]).toEqual([key, holes(text)])
  })
  it('leave nothing empty', () => {
    for (const [key, text] of [...english, ...chinese]) expect([key, text.trim().length > 0]).toEqual([key, true])
  })
  it("use the field's Chinese terms", () => {
    expect(zh.word).toMatchObject({ asset: '设备台账', device: '采集连接', point: '测点', quality: '质量码', storeForward: '断网续传', registerTable: '点表', episode: '时段', tenant: '企业' })
    expect(zh.kind.setpoint).toBe('设定值')
    expect(zh.episode.alarm).toBe('报警')
  })
  it('never call a device 设备, nor show frames', () => {
    for (const [key, text] of chinese) {
      if (/^(device|connect)\./.test(key)) expect([key, /(?<!采集)设备(?!主动)/.test(text)]).toEqual([key, false])
      expect([key, /数据帧/.test(text)]).toEqual([key, false])
    }
    for (const [key, text] of english) expect([key, /\bframes?\b/i.test(text)]).toEqual([key, false])
  })
})

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? sources(path) : /\.tsx?$/.test(entry.name) ? [path] : []
  })
}

describe('the pages', () => {
  it('hold no Chinese of their own outside tables, search words and the brand', () => {
    for (const path of sources(join(import.meta.dirname, '../src'))) {
      if (/format\.ts$|WhatStep\.tsx$/.test(path)) continue
      const text = readFileSync(path, 'utf8').replace(/百工|简体中文|中文|秒|分钟|小时/g, '')
      expect([path, /\p{Script=Han}/u.test(text)]).toEqual([path, false])
    }
  })
})
