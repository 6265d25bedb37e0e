/** A text as it is held, under its name; whoever may change it does so here. */
import { Button, Input } from 'antd'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { asProblem } from '../core/http'
import type { Problem } from '../wire/api'
import { ErrorNote } from './notes'

export interface HeldTextProps {
  name: string
  text: string
  /** What such a text looks like, while there is none. */
  like: string
  mayChange?: boolean
  /** What the button to change it is called, where the word on it does not say enough. */
  editLabel?: string
  save: (text: string) => Promise<unknown>
  onSaved: () => void
  /** What is said between the name and the text. */
  children?: ReactNode
}

export function HeldText({ name, text, like, mayChange = true, editLabel, save, onSaved, children }: HeldTextProps) {
  const { t } = useTranslation()
  const [draft, setDraft] = useState<string | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const write = async () => {
    try {
      await save(draft ?? '')
      setDraft(null)
      setProblem(null)
      onSaved()
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  return (
    <section>
      <h3>
        {name}
        {mayChange && draft === null ? (
          <Button size="small" type="text" aria-label={editLabel} onClick={() => setDraft(text)}>
            {t('use.edit')}
          </Button>
        ) : null}
      </h3>
      {children}
      {draft === null ? (
        <pre>{text.trim() || t('use.nothingSaid')}</pre>
      ) : (
        <>
          <Input.TextArea aria-label={name} autoSize={{ minRows: 4 }} value={draft} placeholder={like} onChange={(e) => setDraft(e.target.value)} />
          <div className="bar">
            <Button type="primary" size="small" onClick={write}>
              {t('common.save')}
            </Button>
            <Button size="small" onClick={() => setDraft(null)}>
              {t('common.cancel')}
            </Button>
          </div>
          {problem ? <ErrorNote problem={problem} /> : null}
        </>
      )}
    </section>
  )
}
