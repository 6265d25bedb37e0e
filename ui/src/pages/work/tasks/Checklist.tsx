/** The lines of a checklist, each as large as a thumb in a glove; what is out of range says so at once. */
import { Button, Input, InputNumber, Segmented } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { inLanguage, useLanguageCode } from '../../../components/preferences'
import { StateMark } from '../../../components/StateMark'
import { number, unitText } from '../../../core/format'
import { type Check, fineOf, type Found } from '../../../core/tasks'

interface Props {
  checklist: readonly Check[]
  found: Record<string, Found>
  may: boolean
  onResult: (check: Check, value: Found['value'], note: string) => void
}

export function Checklist({ checklist, found, may, onResult }: Props) {
  return (
    <ol className="checklist">
      {checklist.map((check) => (
        <Line key={check.item} check={check} found={found[check.item]} may={may} onResult={onResult} />
      ))}
    </ol>
  )
}

function Line({ check, found, may, onResult }: { check: Check; found: Found | undefined; may: boolean; onResult: Props['onResult'] }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [note, setNote] = useState<string | null>(null)
  const value = found?.value ?? null
  const fine = found?.fine ?? fineOf(check, value)
  const title = inLanguage(language, check.title, check.title_zh) || check.item
  const bounds = typeof check.low === 'number' || typeof check.high === 'number' ? `${typeof check.low === 'number' ? number(check.low) : ''} … ${typeof check.high === 'number' ? number(check.high) : ''}` : ''
  return (
    <li className={fine === false ? 'is-wrong' : undefined}>
      <span className="check-title">
        <b>{title}</b> {check.required === false ? <small className="muted">{t('task.optional')}</small> : null}
        {bounds || check.unit ? (
          <small className="num muted">
            {bounds} {unitText(check.unit ?? '')}
          </small>
        ) : null}
      </span>
      <Entry check={check} title={title} value={value} may={may} onValue={(made) => onResult(check, made, '')} />
      {fine === false ? <StateMark state="bad" label={t('task.wrong')} /> : null}
      {found?.note ? <small className="check-note">{found.note}</small> : null}
      {may && note === null ? (
        <Button type="link" className="check-cannot" onClick={() => setNote(found?.note ?? '')}>
          {t('task.cannot')}
        </Button>
      ) : null}
      {note !== null ? (
        <Input.Search
          autoFocus
          size="large"
          value={note}
          maxLength={200}
          placeholder={t('task.whyNot')}
          enterButton={t('common.save')}
          onChange={(event) => setNote(event.target.value)}
          onSearch={(text) => {
            if (text.trim()) onResult(check, value, text.trim())
            setNote(null)
          }}
        />
      ) : null}
    </li>
  )
}

function Entry({ check, title, value, may, onValue }: { check: Check; title: string; value: Found['value']; may: boolean; onValue: (value: Found['value']) => void }) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState<number | string | null>(typeof value === 'boolean' ? null : (value ?? null))
  const kind = check.kind ?? 'check'
  if (kind === 'check' || kind === 'choice') {
    const options = kind === 'check' ? [{ value: 'yes', label: t('task.isFine') }, { value: 'no', label: t('task.isNot') }] : (check.choices ?? []).map((one) => ({ value: one, label: one }))
    const now = kind === 'check' ? (value === true ? 'yes' : value === false ? 'no' : '') : String(value ?? '')
    return <Segmented className="check-choice" size="large" disabled={!may} options={options} value={now} aria-label={title} onChange={(one) => onValue(kind === 'check' ? one === 'yes' : one)} />
  }
  const keep = () => (typed !== null && typed !== '' && typed !== value ? onValue(typed) : undefined)
  return kind === 'number' ? (
    <InputNumber className="check-number" size="large" inputMode="decimal" disabled={!may} value={typed as number | null} suffix={unitText(check.unit ?? '')} onChange={(made: number | null) => setTyped(made)} onBlur={keep} onPressEnter={keep} aria-label={title} />
  ) : (
    <Input size="large" disabled={!may} maxLength={200} value={String(typed ?? '')} onChange={(event) => setTyped(event.target.value)} onBlur={keep} onPressEnter={keep} aria-label={title} />
  )
}
