/** The screen as its one text: read, changed, compared with what is kept; drawn again once it is whole. */
import { Button } from 'antd'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyButton } from '../../../components/CopyButton'
import { Diff } from '../../../components/Diff'
import { ErrorNote, Waiting } from '../../../components/notes'
import { asProblem } from '../../../core/http'
import type { ScreenFinding } from '../../../core/screencalls'
import type { ScreenText } from '../../../core/screens'
import type { Problem } from '../../../wire/api'
import { drawing } from './calls'

const TextEditor = lazy(() => import('../../../editor/TextEditor'))
const REST_MS = 400

export interface TextPaneProps {
  name: string
  /** Of the drawing as it is now. */
  text: string
  /** As it is kept. */
  kept: string
  findings: readonly ScreenFinding[]
  onScreen: (screen: ScreenText) => void
}

export function TextPane({ name, text, kept, findings, onScreen }: TextPaneProps) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState<string | null>(null) // null: as the drawing says
  const [comparing, setComparing] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const shown = typed ?? text
  useEffect(() => {
    if (typed === null) return
    const stop = new AbortController()
    const timer = setTimeout(() => {
      drawing.check(name, { text: typed }, stop.signal).then(
        (told) => (setProblem(null), onScreen(told.screen)),
        (error: unknown) => stop.signal.aborted || setProblem(asProblem(error)),
      )
    }, REST_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [typed, name, onScreen])
  const first = findings.find((one) => one.line > 0)
  const line = typeof problem?.fields?.line === 'number' ? problem.fields.line : 0
  return (
    <div className="draw-text">
      <div className="bar">
        <span className="muted small">{t('drawing.textHint')}</span>
        <span className="grow" />
        <CopyButton text={shown} />
        {typed !== null && typed !== text && !problem ? <Button size="small" onClick={() => setTyped(null)}>{t('drawing.tidy')}</Button> : null}
        <Button size="small" aria-pressed={comparing} disabled={shown === kept} onClick={() => setComparing(!comparing)}>
          {t(comparing ? 'device.editOn' : 'types.changes')}
        </Button>
      </div>
      {problem ? <ErrorNote problem={problem} /> : null}
      {comparing ? (
        <Diff before={kept} after={shown} />
      ) : (
        <Suspense fallback={<Waiting />}>
          <TextEditor value={shown} onChange={(next) => next !== shown && setTyped(next)} label={t('drawing.textOf', { name })} wrong={problem && line ? { line, said: problem.title } : typed === null && first ? { line: first.line, said: first.message } : null} />
        </Suspense>
      )}
    </div>
  )
}
