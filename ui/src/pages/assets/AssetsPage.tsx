/** All there is in the plant: a tree on the left, what is chosen on the right. On a phone one of the two. */
import { Button, Select } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { Link, navigate, usePath, useSearch } from '../../components/navigation'
import { useTitle } from '../../components/Page'
import { usePreferences } from '../../components/preferences'
import { SearchField } from '../../components/SearchField'
import { type AssetsAsk, LEVELS, mayDescribe, STATES } from '../../core/assets'
import { assetLink, routeOf } from '../../core/route'
import { AssetTreeView } from './AssetTreeView'
import { AssetView } from './AssetView'
import { EditDrawer } from './EditDrawer'
import { ImportAssets } from './ImportAssets'
import { NothingYet } from './NothingYet'
import { useAssetTree } from './useAssetTree'

export default function AssetsPage() {
  const { t } = useTranslation()
  const { session } = usePreferences()
  const route = routeOf(usePath())
  const asset = route.page === 'assets' ? route.asset : ''
  const importing = useSearch() === '?import' && !asset
  const [turn, setTurn] = useState(0) // grows with every change, so that all that is shown is read again
  const hold = useAssetTree(turn)
  const { open } = hold
  const [search, setSearch] = useState('')
  const [level, setLevel] = useState('')
  const [state, setState] = useState('')
  const [adding, setAdding] = useState(false)
  const asked = useMemo<AssetsAsk | null>(() => (search || level || state ? { search, level, ...(state === 'retired' ? { retired: true } : { state }) } : null), [search, level, state])
  const root = hold.tree.branches.get('')
  const empty = root?.total === 0 && !asked && !asset
  const changed = () => setTurn((n) => n + 1)
  useTitle(asset || importing ? null : t('nav.assets'))

  return (
    <div className={`page assets ${asset || importing ? 'has-one' : ''}`}>
      <aside className="assets-side" aria-label={t('nav.assets')}>
        <header className="assets-head">
          {asset || importing ? <h2>{t('nav.assets')}</h2> : <h1>{t('nav.assets')}</h1>}
          <span className="grow" />
          <Link href="/lots">{t('lots.short')}</Link>
          <Link href="/types">{t('types.short')}</Link>
          {mayDescribe(session) ? (
            <>
              <Button size="small" icon={<Icon name="plus" size={15} />} onClick={() => setAdding(true)}>
                {t('assets.add')}
              </Button>
              <Button size="small" icon={<Icon name="download" size={15} />} onClick={() => navigate('/assets?import')}>
                {t('assets.table')}
              </Button>
            </>
          ) : null}
        </header>
        <SearchField label={t('assets.search')} onSearch={setSearch} />
        <div className="assets-filters">
          <Select size="small" aria-label={t('assets.field.level')} value={level} onChange={setLevel} options={[{ value: '', label: t('assets.allLevels') }, ...LEVELS.map((value) => ({ value: value as string, label: t(`assets.level.${value}`) }))]} />
          <Select size="small" aria-label={t('assets.field.state')} value={state} onChange={setState} options={[{ value: '', label: t('assets.allStates') }, ...STATES.map((value) => ({ value: value as string, label: t(`assets.state.${value}`) })), { value: 'retired', label: t('assets.retired') }]} />
        </div>
        <div className="tree">
          <AssetTreeView hold={hold} asked={asked} chosen={asset} turn={turn} onChoose={(name) => navigate(assetLink(name))} />
        </div>
      </aside>
      <div className="assets-main">
        {importing ? <ImportAssets onChanged={changed} /> : asset ? <AssetView key={asset} asset={asset} turn={turn} onChanged={changed} onPath={open} /> : empty ? <NothingYet onAdd={() => setAdding(true)} /> : <Hint />}
      </div>
      {adding ? <EditDrawer whole={null} above="" onClose={() => setAdding(false)} onSaved={(name) => (setAdding(false), changed(), navigate(assetLink(name)))} /> : null}
    </div>
  )
}

function Hint() {
  const { t } = useTranslation()
  return (
    <div className="empty assets-hint">
      <Icon name="assets" size={28} />
      <p className="empty-title">{t('assets.choose')}</p>
      <p className="empty-advice">{t('assets.chooseText')}</p>
    </div>
  )
}
