/** One asset: what it is and where it stands, its points, its parts, its life. */
import { Button, Tabs } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { Link, navigate, usePath } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { PointList } from '../../components/PointList'
import { inLanguage, useLanguageCode, usePreferences } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import { assets, mayAnnotate, mayDescribe, specOf, splitType } from '../../core/assets'
import { assetLink, routeOf, typeLink } from '../../core/route'
import { AboutAsset } from './AboutAsset'
import { AlarmsTab } from './AlarmsTab'
import { AssetActions, type Doing } from './AssetActions'
import { AssetTags, LevelIcon } from './AssetMark'
import { DocumentsTab } from './DocumentsTab'
import { EditDrawer } from './EditDrawer'
import { KpisTab } from './KpisTab'
import { LifeTab } from './LifeTab'
import { MoveDialog } from './MoveDialog'
import { PartsTab } from './PartsTab'
import { RenameDialog } from './RenameDialog'
import { RetireDialog } from './RetireDialog'
import { ScreenTab } from './ScreenTab'
import { ShellTab } from './ShellTab'
import { TextTab } from './TextTab'

export interface AssetViewProps {
  asset: string
  turn: number
  onChanged: () => void
  /** Tells all that it is a part of, so that the tree shows it. */
  onPath: (...names: string[]) => void
}

export function AssetView({ asset, turn, onChanged, onPath }: AssetViewProps) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { session } = usePreferences()
  const trouble = useTrouble()
  const route = routeOf(usePath())
  const { data, error, reload } = useAsk(`asset:${asset}:${turn}`, (signal) => assets.get(asset, signal))
  const [doing, setDoing] = useState<Doing | null>(null)
  const path = data?.path.map((step) => step.asset).join('\n')
  useEffect(() => {
    if (path) onPath(...path.split('\n').slice(0, -1))
  }, [path, onPath])
  const back = (
    <Link href="/assets" className="assets-back">
      <Icon name="chevron" size={16} /> {t('nav.assets')}
    </Link>
  )
  if (!data) {
    return (
      <Page title={asset}>
        {back}
        {error ? <ErrorNote problem={error} retry={reload} /> : <Waiting rows={8} />}
      </Page>
    )
  }
  const { line } = data
  const title = inLanguage(language, line.title, line.title_zh) || line.asset
  const may = mayDescribe(session)
  const tab = (route.page === 'assets' && route.tab) || (line.points || !line.children ? 'points' : 'parts')
  const bring = () => assets.put(specOf(data), data.revision).then(onChanged, trouble)

  return (
    <>
      {back}
      {data.path.length > 1 ? (
        <nav className="crumbs" aria-label={t('assets.path')}>
          <ol>
            {data.path.slice(0, -1).map((step) => (
              <li key={step.asset}>
                <Link href={assetLink(step.asset)}>{inLanguage(language, step.title, step.title_zh) || step.asset}</Link>
              </li>
            ))}
            <li aria-current="page">{title}</li>
          </ol>
        </nav>
      ) : null}
      <Page
        title={title}
        sub={
          <span className="sub-line">
            {line.described ? (
              <span className="inline">
                <LevelIcon level={line.level} /> {t(`assets.level.${line.level}`)}
              </span>
            ) : null}
            <AssetTags line={line} />
            <code>{line.asset}</code>
            {line.code ? (
              <span>
                {t('assets.field.code')} <b>{line.code}</b>
              </span>
            ) : null}
            {line.type ? <Link href={typeLink(splitType(line.type)[0])}>{line.type}</Link> : null}
            {line.place ? <span>{line.place}</span> : null}
          </span>
        }
        tools={<AssetActions whole={data} may={may} onDo={setDoing} />}
      >
        {line.retired ? (
          <div className="note">
            <div>
              <p className="note-title">{t('assets.isRetired')}</p>
              {may ? <Button onClick={() => void bring()}>{t('assets.bringBack')}</Button> : null}
            </div>
          </div>
        ) : !line.described ? (
          <div className="note asset-undescribed">
            <div>
              <p className="note-title">{t('assets.undescribed')}</p>
              <p className="note-advice">{t('assets.undescribedText')}</p>
              {may ? (
                <Button type="primary" onClick={() => setDoing('edit')}>
                  {t('assets.describe')}
                </Button>
              ) : null}
            </div>
          </div>
        ) : null}
        <Tabs
          className="tabs-all"
          activeKey={tab}
          onChange={(key) => navigate(assetLink(asset, key), { replace: true })}
          destroyOnHidden
          items={[
            { key: 'points', label: `${t('word.point')} ${line.points}`, children: <><p className="muted small">{line.points > data.own_points ? t('assets.ofParts', { own: data.own_points, parts: line.points - data.own_points }) : null}</p><PointList ask={{ asset }} none={t('assets.noPoints')} /></> },
            { key: 'screen', label: t('screen.tab'), children: <ScreenTab whole={data} turn={turn} may={may} /> },
            ...(line.type ? [{ key: 'alarms', label: t('rules.tab.alarms'), children: <AlarmsTab asset={asset} type={line.type} /> }, { key: 'kpis', label: t('rules.tab.kpis'), children: <KpisTab asset={asset} type={line.type} /> }] : []),
            { key: 'parts', label: `${t('assets.parts')} ${line.children}`, children: <PartsTab asset={asset} turn={turn} {...(may ? { onAdd: () => setDoing('add') } : {})} /> },
            { key: 'documents', label: t('documents.tab'), children: <DocumentsTab of={{ asset }} may={may} /> },
            { key: 'life', label: t('assets.life'), children: <LifeTab asset={asset} turn={turn} may={mayAnnotate(session)} /> },
            { key: 'about', label: t('assets.about'), children: <AboutAsset whole={data} /> },
            ...(line.retired ? [] : [{ key: 'shell', label: t('shell.tab'), children: <ShellTab asset={asset} /> }]),
            { key: 'text', label: t('device.text'), children: <TextTab whole={data} /> },
          ]}
        />
      </Page>
      {doing === 'edit' ? <EditDrawer whole={data} above={line.parent} onClose={() => setDoing(null)} onSaved={() => (setDoing(null), onChanged())} /> : null}
      {doing === 'add' ? <EditDrawer whole={null} above={asset} onClose={() => setDoing(null)} onSaved={() => (setDoing(null), onPath(asset), onChanged())} /> : null}
      {doing === 'move' ? <MoveDialog whole={data} onClose={() => setDoing(null)} onMoved={() => (setDoing(null), onChanged())} /> : null}
      {doing === 'rename' ? <RenameDialog whole={data} onClose={() => setDoing(null)} onRenamed={(name) => (setDoing(null), onChanged(), navigate(assetLink(name)))} /> : null}
      {doing === 'retire' ? <RetireDialog whole={data} onClose={() => setDoing(null)} onRetired={() => (onChanged(), navigate(line.parent ? assetLink(line.parent) : '/assets'))} /> : null}
    </>
  )
}
