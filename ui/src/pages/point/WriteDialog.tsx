/** Set a point on its machine: the value, the reason, and what the rule allows. */
import { Button, Input, Modal, Select } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from '../../components/navigation'
import { ErrorNote } from '../../components/notes'
import { type Command, commands, newKey, typedValue, type WriteRule } from '../../core/commands'
import { unitText } from '../../core/format'
import { asProblem } from '../../core/http'
import type { Point, Problem } from '../../wire/api'

export function WriteDialog({ point, rule, onClose }: { point: Point; rule: WriteRule; onClose: () => void }) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [made, setMade] = useState<Command | null>(null)
  const value = typedValue(text, point.kind)
  const unit = unitText(point.unit)
  const states = Object.entries(point.states ?? {})
  const sent = useRef({ wish: '', key: '' })
  const send = async () => {
    if (value === null) return
    const wish = JSON.stringify([value, reason.trim()])
    if (sent.current.wish !== wish) sent.current = { wish, key: newKey() }
    setBusy(true)
    setProblem(null)
    try {
      setMade(await commands.ask(point.name, value, reason.trim(), sent.current.key))
    } catch (error) {
      const told = asProblem(error)
      if (told.code !== 'client.offline') sent.current.wish = '' // answered: the next click is another wish
      setProblem(told)
    } finally {
      setBusy(false)
    }
  }
  const facts = [
    rule.min == null && rule.max == null ? '' : t('write.range', { min: rule.min ?? '–', max: rule.max ?? '–', unit }),
    rule.max_step == null ? '' : t('write.step', { step: rule.max_step, unit }),
    rule.max_rate == null ? '' : t('write.rate', { rate: rule.max_rate, unit }),
    rule.interlock ? t('write.interlock', { condition: rule.interlock, interpolation: { escapeValue: false } }) : '',
    rule.approval ? t('write.approval') : '',
  ].filter(Boolean)
  return (
    <Modal
      open
      title={t('write.title', { name: point.title || point.name })}
      onCancel={onClose}
      footer={
        made ? (
          <Button type="primary" onClick={onClose}>
            {t('write.close')}
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>{t('common.cancel')}</Button>
            <Button type="primary" danger disabled={value === null} loading={busy} onClick={send}>
              {t('write.send')}
            </Button>
          </>
        )
      }
    >
      {made ? (
        <p role="status">
          <strong>{t(`command.states.${made.state}`)}</strong>
          {made.read_back === null ? null : ` · ${t('write.readBack', { value: made.read_back, unit })}`}
          {made.detail ? <span className="muted"> · {made.detail}</span> : null} <Link href="/commands">{t('nav.commands')}</Link>
        </p>
      ) : (
        <>
          <label className="field">
            <span>{t('write.value')}</span>
            {point.kind === 'state' && states.length ? (
              <Select value={text || undefined} aria-label={t('write.value')} onChange={setText} options={states.map(([key, word]) => ({ value: key, label: word }))} />
            ) : (
              <Input autoFocus value={text} suffix={unit} inputMode={point.kind === 'text' ? 'text' : 'decimal'} aria-label={t('write.value')} onChange={(e) => setText(e.target.value)} />
            )}
          </label>
          <label className="field">
            <span>{t('write.reason')}</span>
            <Input value={reason} maxLength={500} aria-label={t('write.reason')} onChange={(e) => setReason(e.target.value)} onPressEnter={() => void send()} />
          </label>
          <ul className="muted small">
            {facts.map((fact) => (
              <li key={fact}>{fact}</li>
            ))}
          </ul>
          {problem ? <ErrorNote problem={problem} /> : null}
        </>
      )}
    </Modal>
  )
}
