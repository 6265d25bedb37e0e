/** Tells what happened to an asset: when, what, which part, what it cost. It is added; nothing is changed. */
import { Input, InputNumber, Modal, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FormRow } from '../../components/FormRow'
import { ErrorNote } from '../../components/notes'
import { asProblem } from '../../core/http'
import { type LifeLine, type LifeNote, life, type Told, TOLD } from '../../core/life'
import { inputTime } from '../../core/time'
import type { Problem } from '../../wire/api'

export function TellLife({ asset, corrects, onClose, onTold }: { asset: string; corrects: LifeLine | null; onClose: () => void; onTold: () => void }) {
  const { t } = useTranslation()
  const held = corrects?.detail ?? {}
  const word = (name: string) => (typeof held[name] === 'string' ? held[name] : '')
  const [kind, setKind] = useState<Told>((TOLD.find((one) => one === corrects?.kind) ?? 'repaired') as Told)
  const [when, setWhen] = useState(inputTime(corrects?.time_us ?? Date.now() * 1000))
  const [words, setWords] = useState({ text: word('text'), part: word('part'), serial: word('serial'), previous: word('previous'), currency: word('currency') || 'CNY' })
  const [cost, setCost] = useState<number | null>(typeof held.cost === 'number' ? held.cost : null)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const time = new Date(when).getTime()
  const go = async () => {
    setBusy(true)
    const { currency, ...told } = words
    const note: LifeNote = { kind, time_us: time * 1000, ...told, ...(cost === null ? {} : { cost, currency }), ...(corrects ? { corrects: corrects.id } : {}) }
    try {
      await life.tell(asset, note)
      onTold()
    } catch (error) {
      setProblem(asProblem(error))
      setBusy(false)
    }
  }
  const field = (name: keyof typeof words) => <Input value={words[name]} maxLength={name === 'text' ? 2000 : 200} onChange={(e) => setWords({ ...words, [name]: e.target.value })} />
  return (
    <Modal open title={corrects ? t('life.correctTitle') : t('life.tellTitle', { asset })} okText={t('life.tell')} cancelText={t('common.cancel')} okButtonProps={{ loading: busy, disabled: Number.isNaN(time) }} onOk={() => void go()} onCancel={onClose}>
      <div className="cards2 asset-pair">
        <FormRow label={t('life.what')}>
          <Select<Told> value={kind} onChange={setKind} options={TOLD.map((value) => ({ value, label: t(`life.kind.${value}`) }))} />
        </FormRow>
        <FormRow label={t('life.when')}>
          <Input type="datetime-local" step={1} value={when} onChange={(e) => setWhen(e.target.value)} />
        </FormRow>
      </div>
      <FormRow label={t('life.text')}>{field('text')}</FormRow>
      <div className="cards2 asset-pair">
        <FormRow label={t('life.part')}>{field('part')}</FormRow>
        <FormRow label={t('life.serial')}>{field('serial')}</FormRow>
        <FormRow label={t('life.previous')}>{field('previous')}</FormRow>
        <FormRow label={t('life.cost')}>
          <span className="inline">
            <InputNumber value={cost} min={0} onChange={setCost} aria-label={t('life.cost')} />
            <Input className="life-currency" value={words.currency} maxLength={3} onChange={(e) => setWords({ ...words, currency: e.target.value.toUpperCase() })} aria-label={t('life.currency')} />
          </span>
        </FormRow>
      </div>
      <p className="muted small">{t('life.stays')}</p>
      {problem ? <ErrorNote problem={problem} /> : null}
    </Modal>
  )
}
