/** The device as text that git can diff: edit, see what would change, save. */
import { Button } from 'antd'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyButton } from '../../components/CopyButton'
import { Diff } from '../../components/Diff'
import { ErrorNote, Waiting } from '../../components/notes'
import { useDraft } from '../../components/useDraft'
import { devices } from '../../core/calls'
import { asProblem } from '../../core/http'
import { Conflict } from './Conflict'
import type { Problem } from '../../wire/api'

const TextEditor = lazy(() => import('../../editor/TextEditor'))

export function TextTab({ device, yaml, revision, onSaved }: { device: string; yaml: string; revision: number; onSaved: () => void }) {
  const { t } = useTranslation()
  const { first: draft, keep: keepDraft } = useDraft(`device ${device}`)
  const [before, setBefore] = useState(draft?.before ?? yaml)
  const [text, setText] = useState(draft?.text ?? yaml)
  const [from, setFrom] = useState(draft?.from ?? revision) // what `before` is
  const [theirs, setTheirs] = useState<{ yaml: string; revision: number } | null>(null)
  const [reviewing, setReviewing] = useState(false)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const dirty = text !== before

  // Who is signed out in the middle of it finds it here again.
  useEffect(() => keepDraft(dirty ? { text, before, from } : null), [keepDraft, dirty, text, before, from])

  // Somebody else's change arrives while nobody edits here.
  useEffect(() => {
    if (!dirty && yaml !== before) {
      setBefore(yaml)
      setText(yaml)
    }
    if (!dirty && revision !== from) setFrom(revision)
  }, [yaml, revision, from, before, dirty])

  const save = async () => {
    setBusy(true)
    setProblem(null)
    try {
      const page = await devices.saveYaml(device, text, from)
      setFrom(page.revision ?? 0)
      setBefore(page.yaml)
      setText(page.yaml)
      setReviewing(false)
      onSaved()
    } catch (error) {
      const told = asProblem(error)
      if (told.code === 'config.conflict' && told.place === device) {
        const page = await devices.get(device).catch(() => null)
        if (page) return setTheirs({ yaml: page.yaml, revision: page.revision ?? 0 })
      }
      setProblem(told)
    } finally {
      setBusy(false)
    }
  }

  const settle = (keep: boolean) => {
    if (!theirs) return
    setBefore(theirs.yaml)
    setFrom(theirs.revision)
    if (!keep) setText(theirs.yaml)
    setReviewing(keep)
    setTheirs(null)
  }

  return (
    <div className="text-tab">
      <div className="bar">
        <span className="muted">{t('device.textHint')}</span>
        <span className="grow" />
        <CopyButton text={text} />
        {dirty ? (
          <Button onClick={() => { setText(before); setReviewing(false); setProblem(null) }}>{t('common.discard')}</Button>
        ) : null}
        {reviewing ? (
          <>
            <Button onClick={() => setReviewing(false)}>{t('device.editOn')}</Button>
            <Button type="primary" loading={busy} onClick={save}>
              {t('device.saveChanges')}
            </Button>
          </>
        ) : (
          <Button type="primary" disabled={!dirty} onClick={() => setReviewing(true)}>
            {t('device.review')}
          </Button>
        )}
      </div>
      {yaml !== before && dirty && !theirs ? <p className="bad-text">{t('device.changedElsewhere')}</p> : null}
      {problem ? <ErrorNote problem={problem} /> : null}
      {theirs ? <Conflict theirs={theirs.yaml} mine={text} onTake={() => settle(false)} onKeep={() => settle(true)} /> : null}
      {reviewing && !theirs ? (
        <Diff before={before} after={text} />
      ) : (
        <Suspense fallback={<Waiting />}>
          <TextEditor value={text} onChange={setText} label={t('device.text')} />
        </Suspense>
      )}
    </div>
  )
}
