/** Moves an asset to another place: what goes with it and what changes is said before. */
import { Button, Modal } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { SearchField } from '../../components/SearchField'
import { useAsk } from '../../components/useAsk'
import { type AssetWhole, assets, lean, specOf } from '../../core/assets'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'
import { AssetTreeView } from './AssetTreeView'
import { useAssetTree } from './useAssetTree'

const ALL = 10_000

export function MoveDialog({ whole, onClose, onMoved }: { whole: AssetWhole; onClose: () => void; onMoved: () => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { line } = whole
  const hold = useAssetTree(0, false)
  const [search, setSearch] = useState('')
  const [to, setTo] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const below = useAsk(`below:${line.asset}`, (signal) => assets.list({ under: line.asset, limit: ALL }, signal))
  const target = useAsk(to ? `asset:${to}` : null, (signal) => assets.get(to ?? '', signal))
  const barred = useMemo(() => new Set([line.asset, ...(below.data?.assets ?? []).map((one) => one.asset)]), [line.asset, below.data])
  const asked = useMemo(() => (search ? { search } : null), [search])
  const parts = (below.data?.total ?? 1) - 1
  const said = (steps: AssetWhole['path']) => steps.map((step) => inLanguage(language, step.title, step.title_zh) || step.asset).join(' › ') || t('assets.company')
  const move = async () => {
    if (to === null) return
    setBusy(true)
    setProblem(null)
    try {
      await assets.put(lean({ ...specOf(whole), parent: to }), whole.revision)
      onMoved()
    } catch (error) {
      setProblem(asProblem(error))
      setBusy(false)
    }
  }
  return (
    <Modal open width={620} title={t('assets.moveTitle', { asset: inLanguage(language, line.title, line.title_zh) || line.asset })} okText={t('assets.move')} cancelText={t('common.cancel')} okButtonProps={{ disabled: to === null || to === line.parent, loading: busy }} onOk={move} onCancel={onClose}>
      <div className="bar asset-pick-bar">
        <SearchField label={t('assets.search')} onSearch={setSearch} />
        <Button type={to === '' ? 'primary' : 'default'} onClick={() => setTo('')}>
          {t('assets.company')}
        </Button>
      </div>
      <div className="tree asset-pick">
        <AssetTreeView hold={hold} asked={asked} chosen={to ?? ''} onChoose={setTo} barred={barred} />
      </div>
      <dl className="asset-move" aria-live="polite">
        <dt>{t('assets.moveFrom')}</dt>
        <dd>{said(whole.path.slice(0, -1))}</dd>
        <dt>{t('assets.moveTo')}</dt>
        <dd>{to === null ? <span className="muted">{t('assets.moveChoose')}</span> : to === '' ? t('assets.company') : target.data ? said(target.data.path) : to}</dd>
        <dt>{t('assets.moveWith')}</dt>
        <dd>{t('assets.moveCount', { parts, points: line.points })}</dd>
      </dl>
      <p className="muted small">{t('assets.moveText')}</p>
      {problem ? <ErrorNote problem={problem} /> : null}
    </Modal>
  )
}
