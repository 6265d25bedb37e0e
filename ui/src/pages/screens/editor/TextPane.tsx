/** The screen as its one text: read, changed, compared with what is kept; drawn again once it is whole. */
import { Button } from 'antd'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyButton } from '../../../components/CopyButton'
import { Diff } from '../../../components/Diff'
import { ErrorNote, Waiting } from '../../../components/notes'
import type { ScreenFinding } from '../../../core/screencalls'
import type { Typed } from './useTyped'

const TextEditor = lazy(() => import('../../../editor/TextEditor'))

export interface TextPaneProps {
  name: string
  /** Of the drawing as it is now. */
  text: string
  /** As it is kept. */
  kept: string
  findings: readonly ScreenFinding[]
  typed: Typed
}

export function TextPane({ name, text, kept, findings, typed }: TextPaneProps) {
  const { t } = useTranslation()
  const [comparing, setComparing] = useState(false)
  const { problem } = typed
  const shown = typed.text ?? text
  const first = findings.find((one) => one.line > 0)
  const line = typeof problem?.fields?.line === 'number' ? problem.fields.line : 0
  return (
    <div className="draw-text">
      <div className="bar">
        <span className="muted small">{t('drawing.textHint')}</span>
        <span className="grow" />
        <CopyButton text={shown} />
        {typed.text !== null && typed.text !== text ? (
          <Button size="small" onClick={() => typed.type(null)}>
            {t(problem ? 'common.discard' : 'drawing.tidy')}
          </Button>
        ) : null}
        <Button size="small" aria-pressed={comparing} disabled={shown === kept} onClick={() => setComparing(!comparing)}>
          {t(comparing ? 'device.editOn' : 'types.changes')}
        </Button>
      </div>
      {problem ? <ErrorNote problem={problem} /> : null}
      {comparing ? (
        <Diff before={kept} after={shown} />
      ) : (
        <Suspense fallback={<Waiting />}>
          <TextEditor value={shown} onChange={(next) => next !== shown && typed.type(next)} label={t('drawing.textOf', { name })} wrong={problem && line ? { line, said: problem.title } : typed.text === null && first ? { line: first.line, said: first.message } : null} />
        </Suspense>
      )}
    </div>
  )
}
