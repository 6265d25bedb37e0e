/** A type's text on the left; on the right what it makes and what it would break, while it is typed. */
import { Button } from 'antd'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyButton } from '../../components/CopyButton'
import { Diff } from '../../components/Diff'
import { ErrorNote, Waiting } from '../../components/notes'
import { StateMark } from '../../components/StateMark'
import { useDraft } from '../../components/useDraft'
import { asProblem } from '../../core/http'
import type { Section } from '../../core/rules'
import { lineOf, types, type TypeWhole } from '../../core/types'
import type { Problem } from '../../wire/api'
import { Conflict } from '../device/Conflict'
import { ConfirmBreaks } from './ConfirmBreaks'
import { GapList } from './GapList'
import { KpiTry } from './KpiTry'
import { Made } from './Made'
import { RuleDrawer } from './RuleDrawer'
import { useCheck } from './useCheck'

const TextEditor = lazy(() => import('../../editor/TextEditor'))

export interface TypeEditorProps {
  type: string
  /** Null: there is no such type yet, and `fresh` is what its text begins with. */
  held: TypeWhole | null
  fresh: string | null
  /** A text to go on from: that of an earlier version. */
  taken: { text: string } | null
  onWritten: () => void
}

export function TypeEditor({ type, held, fresh, taken, onWritten }: TypeEditorProps) {
  const { t } = useTranslation()
  const { first: draft, keep: keepDraft } = useDraft(`type ${type}`)
  const [before, setBefore] = useState(draft?.before ?? held?.text ?? '')
  const [text, setText] = useState(draft?.text ?? held?.text ?? fresh ?? '')
  const [from, setFrom] = useState(draft?.from ?? held?.version ?? 0) // the version that `before` is
  const [reviewing, setReviewing] = useState(false)
  const [confirming, setConfirming] = useState(false)
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<Problem | null>(null)
  const [theirs, setTheirs] = useState<TypeWhole | null>(null)
  const [rule, setRule] = useState<{ section: Section; name: string | null } | null>(null)
  const [goTo, setGoTo] = useState<{ line: number } | null>(null)
  const dirty = text !== before
  const { told, problem, text: asked } = useCheck(type, text, dirty)
  const line = lineOf(problem)
  const ready = dirty && !problem && told !== null && asked === text

  // Who is signed out in the middle of it finds it here again.
  useEffect(() => keepDraft(dirty ? { text, before, from } : null), [keepDraft, dirty, text, before, from])
  useEffect(() => {
    if (!dirty && held && held.text !== before) {
      setBefore(held.text)
      setText(held.text)
      setFrom(held.version)
    }
  }, [held, dirty, before])
  useEffect(() => {
    if (taken) setText(taken.text)
  }, [taken])

  const save = async (confirm: number) => {
    setBusy(true)
    setRefused(null)
    try {
      const made = await types.put(type, text, from, confirm)
      keepDraft(null)
      setBefore(text)
      setFrom(made.version)
      setReviewing(false)
      setConfirming(false)
      onWritten()
    } catch (error) {
      const said = asProblem(error)
      setConfirming(false)
      const now = said.code === 'config.conflict' && said.place === 'base' ? await types.get(type).catch(() => null) : null
      if (now) setTheirs(now)
      else setRefused(said)
    } finally {
      setBusy(false)
    }
  }
  const settle = (keep: boolean) => {
    if (!theirs) return
    setBefore(theirs.text)
    setFrom(theirs.version)
    if (!keep) setText(theirs.text)
    setTheirs(null)
  }
  const made = told ?? held

  return (
    <>
      <div className="bar">
        <span className="muted types-hint">{t('types.textHint')}</span>
        <span className="grow" />
        <CopyButton text={text} />
        {dirty && held ? (
          <Button onClick={() => (setText(before), setReviewing(false), setRefused(null))}>{t('common.discard')}</Button>
        ) : null}
        {held ? (
          <Button disabled={!dirty} aria-pressed={reviewing} onClick={() => setReviewing(!reviewing)}>
            {reviewing ? t('device.editOn') : t('types.changes')}
          </Button>
        ) : null}
        <Button type="primary" disabled={!ready} loading={busy} onClick={() => (told?.broken ? setConfirming(true) : void save(0))}>
          {t('common.save')}
        </Button>
      </div>
      {refused ? <ErrorNote problem={refused} /> : null}
      {theirs ? <Conflict title={t('types.conflict')} theirs={theirs.text} mine={text} onTake={() => settle(false)} onKeep={() => settle(true)} /> : null}
      <div className="type-sides">
        {reviewing ? (
          <Diff before={before} after={text} />
        ) : (
          <Suspense fallback={<Waiting />}>
            <TextEditor value={text} onChange={setText} label={t('types.text', { type })} wrong={problem && line ? { line, said: problem.title } : null} goTo={goTo} />
          </Suspense>
        )}
        <div className="type-tells" aria-live="polite">
          {problem ? (
            <ErrorNote problem={problem}>
              {line ? (
                <Button size="small" onClick={() => (setReviewing(false), setGoTo({ line }))}>
                  {t('types.toLine', { line })}
                </Button>
              ) : null}
            </ErrorNote>
          ) : null}
          {!problem && dirty && told ? <Effect told={told} /> : null}
          {made ? <Made made={made} onEdit={problem ? null : (section, name) => setRule({ section, name })} /> : null}
        </div>
      </div>
      {held && made && Object.keys(made.whole.kpis ?? {}).length ? <KpiTry type={type} text={told && !problem ? asked : null} /> : null}
      {rule && made ? <RuleDrawer {...rule} made={made} text={text} onText={(next) => (setReviewing(false), setText(next))} onClose={() => setRule(null)} /> : null}
      {confirming && told ? <ConfirmBreaks told={told} busy={busy} onSave={(n) => void save(n)} onClose={() => setConfirming(false)} /> : null}
    </>
  )
}

/** What saving would do to the assets there are. */
function Effect({ told }: { told: NonNullable<ReturnType<typeof useCheck>['told']> }) {
  const { t } = useTranslation()
  if (told.broken === 0) {
    return (
      <p className="type-effect">
        <StateMark state="good" word={false} /> {t('types.breaksNothing')}
      </p>
    )
  }
  return (
    <section className="note type-breaks">
      <StateMark state="uncertain" word={false} />
      <div>
        <p className="note-title">{t('types.breaks', { n: told.broken })}</p>
        <GapList gaps={told.breaks} />
      </div>
    </section>
  )
}
