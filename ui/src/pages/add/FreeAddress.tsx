/** An address typed from the manual, once or as a run, with its value before it is taken. */
import { Button, Input, InputNumber } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { addressRun } from '../../core/browsetree'
import type { Target } from '../../core/calls'
import type { Manifest } from '../../wire/api'
import { PreviewValue } from './PreviewValue'
import { usePreview } from './usePreview'

const SHOWN = 12
const MOST = 1000

export function FreeAddress({ manifest, target, taken, onAdd }: { manifest: Manifest; target: Target; taken: ReadonlySet<string>; onAdd: (addresses: string[]) => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [text, setText] = useState('')
  const [count, setCount] = useState(1)
  const [settled, setSettled] = useState<string[]>([])
  const run = text.trim() ? addressRun(text, count) : []
  const key = run.join('\n')
  useEffect(() => {
    const timer = setTimeout(() => setSettled(key ? key.split('\n').slice(0, SHOWN) : []), 350)
    return () => clearTimeout(timer)
  }, [key])
  const { values, problem } = usePreview(target, settled)
  const free = run.filter((address) => !taken.has(address))
  const add = () => {
    onAdd(free)
    setText('')
    setCount(1)
  }
  return (
    <div className="free">
      <h2>{t('add.free')}</h2>
      <p className="muted small">{manifest.address_help[language]}</p>
      <div className="free-line">
        <Input value={text} spellCheck={false} placeholder={manifest.address_examples?.[0] ?? ''} aria-label={t('add.free')} onChange={(e) => setText(e.target.value)} onPressEnter={() => free.length && add()} />
        <InputNumber min={1} max={MOST} value={count} aria-label={t('add.freeCount')} title={t('add.freeCount')} prefix="×" onChange={(n) => setCount(n ?? 1)} />
        <Button onClick={add} disabled={free.length === 0}>
          {t('add.take')}
        </Button>
      </div>
      {settled.length && !problem ? (
        <ul className="free-values">
          {settled.map((address) => (
            <li key={address}>
              <code>{address}</code>
              <PreviewValue preview={values.get(address)} unit="" />
            </li>
          ))}
          {run.length > SHOWN ? <li className="muted">{t('add.andMore', { n: run.length - SHOWN })}</li> : null}
        </ul>
      ) : null}
      {problem && settled.length ? (
        <p className="bad-text small">
          <code>{problem.code}</code> {inLanguage(language, problem.title, problem.title_zh)}
        </p>
      ) : null}
      {!text && manifest.address_examples?.length ? (
        <p className="examples">
          {manifest.address_examples.slice(0, 6).map((example) => (
            <button key={example} type="button" className="chip" onClick={() => setText(example)}>
              {example}
            </button>
          ))}
        </p>
      ) : null}
    </div>
  )
}
