/** Gives an asset, its parts and their points another name: what changes is shown before. */
import { Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { useAsk } from '../../components/useAsk'
import { type AssetWhole, assets, type Renamed, validAsset } from '../../core/assets'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'

const SHOWN = 8 // of a list

export function RenameDialog({ whole, onClose, onRenamed }: { whole: AssetWhole; onClose: () => void; onRenamed: (name: string) => void }) {
  const { t } = useTranslation()
  const { asset } = whole.line
  const [to, setTo] = useState(asset)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const fits = validAsset(to) && to !== asset
  const looked = useAsk(fits ? `rename:${asset}:${to}` : null, (signal) => assets.rename(asset, to, true, signal))
  const would = fits ? looked.data : null
  const rename = async () => {
    setBusy(true)
    setProblem(null)
    try {
      onRenamed((await assets.rename(asset, to, false)).name)
    } catch (error) {
      setProblem(asProblem(error))
      setBusy(false)
    }
  }
  return (
    <Modal open width={620} title={t('assets.renameTitle', { asset })} okText={t('assets.rename')} cancelText={t('common.cancel')} okButtonProps={{ disabled: !would, loading: busy }} onOk={rename} onCancel={onClose}>
      <Input value={to} onChange={(event) => setTo(event.target.value.trim())} aria-label={t('assets.renameTo')} status={validAsset(to) ? '' : 'error'} autoFocus />
      <p className="muted small">{t('assets.renameText')}</p>
      {would ? <Would would={would} /> : null}
      {fits && looked.error ? <ErrorNote problem={looked.error} /> : null}
      {problem ? <ErrorNote problem={problem} /> : null}
    </Modal>
  )
}

function Would({ would }: { would: Renamed }) {
  const { t } = useTranslation()
  const then = (pairs: Renamed['points']) => pairs.map((pair) => pair[1])
  const lists: [string, readonly string[]][] = [
    [t('assets.parts'), then(would.assets).filter((name) => name !== would.name)],
    [t('assets.renamePoints'), then(would.points)],
    [t('assets.renameFiles'), would.devices],
    [t('assets.renameGrants'), would.grants],
    [t('assets.renameStops'), would.stops],
    [t('assets.renameScreens'), would.screens],
    [t('assets.renameInterlocks'), would.interlocks],
  ]
  return (
    <dl className="asset-move" aria-live="polite">
      <dt>{t('assets.renameStays')}</dt>
      <dd>{would.stays || t('assets.company')}</dd>
      {lists
        .filter(([, names]) => names.length)
        .map(([head, names]) => [
          <dt key={head}>
            {head} ({names.length})
          </dt>,
          <dd key={`${head}d`}>
            {names.slice(0, SHOWN).join(', ')}
            {names.length > SHOWN ? ' …' : ''}
          </dd>,
        ])}
    </dl>
  )
}
