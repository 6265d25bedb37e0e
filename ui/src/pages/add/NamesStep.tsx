/** Which asset is it: proposed names, units and kinds, editable in place; then save. */
import { Button, Input } from 'antd'
import { useCallback, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { VirtualList } from '../../components/VirtualList'
import { devices, type Target } from '../../core/calls'
import { asProblem } from '../../core/http'
import { type Draft, faults, renameAsset, specOf } from '../../core/naming'
import { durationSeconds } from '../../core/time'
import type { DeviceSpec, Manifest, Problem } from '../../wire/api'
import type { Identity } from './AddDevicePage'
import { DraftRow } from './DraftRow'
import { usePreview } from './usePreview'

export interface NamesStepProps {
  manifest: Manifest
  target: Target
  identity: Identity
  held: DeviceSpec | null
  options: Record<string, unknown>
  drafts: Draft[]
  taken: ReadonlySet<string>
  onDrafts: (drafts: Draft[]) => void
  onBack: () => void
  onSaved: (names: string[]) => void
}

const ROW = 40

export function NamesStep({ manifest, target, identity, held, options, drafts, taken, onDrafts, onBack, onSaved }: NamesStepProps) {
  const { t } = useTranslation()
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set())
  const [asset, setAsset] = useState('')
  const [scan, setScan] = useState(held?.scan?.default ?? '1s')
  const [seen, setSeen] = useState({ first: 0, last: 30 })
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const wrong = useMemo(() => faults(drafts, taken), [drafts, taken])
  const visible = useMemo(() => drafts.slice(seen.first, seen.last + 1).map((draft) => draft.address), [drafts, seen])
  const { values } = usePreview(target, visible)
  const onRange = useCallback((first: number, last: number) => setSeen({ first, last }), [])
  const period = durationSeconds(scan)
  const scanWrong = period === null || period < 0.01

  const change = (at: number, patch: Partial<Draft>) => onDrafts(drafts.map((draft, i) => (i === at ? { ...draft, ...patch } : draft)))
  const rename = () => {
    const keys = marked.size ? marked : new Set(drafts.map((draft) => draft.key))
    onDrafts(renameAsset(drafts, keys, asset))
  }
  const mark = (key: string, on: boolean) => {
    const next = new Set(marked)
    if (on) next.add(key)
    else next.delete(key)
    setMarked(next)
  }
  const save = async () => {
    setBusy(true)
    setProblem(null)
    const points = drafts.map(specOf)
    const spec: DeviceSpec = held
      ? { ...held, points: [...(held.points ?? []), ...points] }
      : { device: identity.device, driver: manifest.id, title: identity.title, enabled: true, options, scan: { default: scan }, points }
    try {
      await devices.save(spec)
      onSaved(points.map((point) => point.name))
    } catch (error) {
      setProblem(asProblem(error))
    } finally {
      setBusy(false)
    }
  }
  const firstWrong = drafts.findIndex((draft) => wrong.has(draft.key))
  return (
    <div className="names">
      <section className="card">
        <div className="bar">
          <label className="inline">
            {marked.size ? t('add.assetMarked', { n: marked.size }) : t('add.assetAll')}
            <Input className="asset-input" value={asset} placeholder="line1.pump1" spellCheck={false} onChange={(e) => setAsset(e.target.value)} onPressEnter={rename} />
          </label>
          <Button onClick={rename} disabled={!asset.trim()}>
            {t('add.assetApply')}
          </Button>
          <span className="grow" />
          {held ? null : (
            <label className="inline">
              {t('add.scan')}
              <Input className="scan-input" value={scan} status={scanWrong ? 'error' : ''} onChange={(e) => setScan(e.target.value)} aria-label={t('add.scan')} />
            </label>
          )}
        </div>
        <p className="muted small">{t('add.namesText')}</p>
        <VirtualList
          className="drafts"
          label={t('add.names')}
          count={drafts.length}
          rowHeight={ROW}
          onRange={onRange}
          header={
            <div className="draft-row draft-head">
              <input type="checkbox" aria-label={t('add.markAll')} checked={marked.size === drafts.length && drafts.length > 0} onChange={(e) => setMarked(e.target.checked ? new Set(drafts.map((draft) => draft.key)) : new Set())} />
              <span>{t('add.name')}</span>
              <span>{t('point.titleLabel')}</span>
              <span>{t('point.unit')}</span>
              <span>{t('point.kind')}</span>
              <span>{t('add.scale')}</span>
              <span>{t('add.raw')}</span>
            </div>
          }
          row={(i) => {
            const draft = drafts[i]
            return draft ? <DraftRow key={draft.key} draft={draft} height={ROW} marked={marked.has(draft.key)} wrong={wrong.get(draft.key)} preview={values.get(draft.address)} onMark={(on) => mark(draft.key, on)} onChange={(patch) => change(i, patch)} /> : null
          }}
        />
        {wrong.size ? <p className="bad-text">{t('add.wrongNames', { n: wrong.size, first: drafts[firstWrong]?.name ?? '' })}</p> : null}
      </section>
      {problem ? <ErrorNote problem={problem} /> : null}
      <footer className="wizard-foot">
        <Button onClick={onBack}>{t('common.back')}</Button>
        <span className="grow" />
        <span className="muted">{period && !scanWrong ? t('add.load', { n: drafts.length.toLocaleString('en-US'), rate: Math.round(drafts.length / period).toLocaleString('en-US') }) : ''}</span>
        <Button type="primary" loading={busy} disabled={wrong.size > 0 || drafts.length === 0 || (scanWrong && !held)} onClick={save}>
          {t('add.save')}
        </Button>
      </footer>
    </div>
  )
}
