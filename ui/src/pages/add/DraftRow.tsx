import { useTranslation } from 'react-i18next'
import type { Draft } from '../../core/naming'
import type { PointKind, Preview } from '../../wire/api'
import { PreviewValue } from './PreviewValue'

const KINDS: PointKind[] = ['gauge', 'counter', 'state', 'text', 'setpoint']

export interface DraftRowProps {
  draft: Draft
  /** CSS pixels. */
  height: number
  marked: boolean
  wrong: 'form' | 'twice' | 'taken' | undefined
  preview: Preview | undefined
  onMark: (on: boolean) => void
  onChange: (patch: Partial<Draft>) => void
}

export function DraftRow({ draft, height, marked, wrong, preview, onMark, onChange }: DraftRowProps) {
  const { t } = useTranslation()
  return (
    <div className="draft-row" style={{ height }} role="listitem" title={draft.address}>
      <input type="checkbox" checked={marked} aria-label={draft.name} onChange={(e) => onMark(e.target.checked)} />
      <input className={`field ${wrong ? 'is-wrong' : ''}`} value={draft.name} aria-label={t('add.name')} aria-invalid={Boolean(wrong)} title={wrong ? t(`add.wrong.${wrong}`) : draft.address} spellCheck={false} onChange={(e) => onChange({ name: e.target.value })} />
      <input className="field" value={draft.title ?? ''} aria-label={t('point.titleLabel')} onChange={(e) => onChange({ title: e.target.value })} />
      <input className="field" list="ucum" value={draft.unit ?? ''} aria-label={t('point.unit')} spellCheck={false} onChange={(e) => onChange({ unit: e.target.value })} />
      <select className="field" value={draft.kind ?? 'gauge'} aria-label={t('point.kind')} onChange={(e) => onChange({ kind: e.target.value as PointKind })}>
        {KINDS.map((kind) => (
          <option key={kind} value={kind}>
            {t(`kind.${kind}`)}
          </option>
        ))}
      </select>
      <input className="field num" type="number" step="any" value={draft.scale ?? 1} aria-label={t('add.scale')} onChange={(e) => onChange({ scale: e.target.value === '' ? 1 : Number(e.target.value) })} />
      <PreviewValue preview={preview} unit="" />
    </div>
  )
}
