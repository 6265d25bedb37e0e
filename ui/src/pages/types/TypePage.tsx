/** One type, or one that is not written yet: reads it, and hands it to the editor. */
import { Button, Tabs } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { Link, navigate } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { inLanguage, useLanguageCode, usePreferences } from '../../components/preferences'
import { MadeScreen } from '../../components/screen/MadeScreen'
import { useAsk } from '../../components/useAsk'
import { mayDescribe } from '../../core/assets'
import { screens } from '../../core/screencalls'
import { typeLink } from '../../core/route'
import { extending, renamed, types } from '../../core/types'
import { DocumentsTab } from '../assets/DocumentsTab'
import { BindDialog } from './BindDialog'
import { DropType } from './DropType'
import { KpiTry } from './KpiTry'
import { Made } from './Made'
import { NewType } from './NewType'
import { TypeEditor } from './TypeEditor'
import { Used } from './Used'
import { Versions } from './Versions'

export type From = { extend: string } | { copy: string } | null

export function TypePage({ type, from }: { type: string; from: From }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { session } = usePreferences()
  const may = mayDescribe(session)
  const source = !from ? type : 'copy' in from ? from.copy : null // the type whose text is read: this one, or the one that is copied
  const read = useAsk(source === null ? null : `type:${source}`, (signal) => types.get(source ?? '', undefined, signal))
  const lines = useAsk('types', types.list)
  const [doing, setDoing] = useState<'new' | 'drop' | 'bind' | null>(null)
  const [tab, setTab] = useState(new URLSearchParams(location.search).get('tab') ?? 'text')
  const [taken, setTaken] = useState<{ text: string } | null>(null) // a version's text, to be written again
  const data = from ? null : read.data
  const title = (data ? inLanguage(language, data.whole.title, data.whole.title_zh) : '') || type
  const { error } = read
  const fresh = from && ('extend' in from ? extending(type, from.extend) : read.data ? renamed(read.data.text, type) : null)
  const written = () => (from ? navigate(typeLink(type), { replace: true }) : (read.reload(), lines.reload()))

  return (
    <Page
      title={title}
      sub={
        <span className="sub-line">
          <Link href="/types">{t('types.title')}</Link>
          <code>{type}</code>
          {data ? <span>{data.shipped ? t('types.shippedText') : t('types.versionOf', { version: data.version })}</span> : null}
          {from ? <span>{t('types.notYet')}</span> : null}
          {data?.chain.slice(0, -1).map((one) => (
            <Link key={one} href={typeLink(one)}>
              {one} →
            </Link>
          ))}
        </span>
      }
      tools={
        data && may ? (
          <>
            <Button icon={<Icon name="plus" size={15} />} onClick={() => setDoing('new')}>
              {t('types.extend')}
            </Button>
            {Object.keys(data.whole.points ?? {}).length ? (
              <Button icon={<Icon name="link" size={15} />} onClick={() => setDoing('bind')}>
                {t('types.bind')}
              </Button>
            ) : null}
            {data.shipped ? null : (
              <Button icon={<Icon name="trash" size={15} />} onClick={() => setDoing('drop')}>
                {t('common.remove')}
              </Button>
            )}
          </>
        ) : null
      }
    >
      {error ? <ErrorNote problem={error} retry={read.reload} /> : null}
      {!error && !data && !fresh ? <Waiting rows={8} /> : null}
      {data || fresh ? (
        <Tabs
          className="tabs-all"
          activeKey={tab}
          onChange={setTab}
          items={[
            { key: 'text', label: t('device.text'), children: may ? <TypeEditor type={type} held={data} fresh={fresh} taken={taken} onWritten={written} /> : data ? <Reader text={data.text} made={data} /> : null },
            ...(data
              ? [
                  ...(data.used.length ? [{ key: 'overview', label: t('screen.overview'), children: <><MadeScreen about={`type:${type}`} call={(signal) => screens.ofType(type, '', signal)} />{Object.keys(data.whole.kpis ?? {}).length ? <KpiTry type={type} text={null} /> : null}</> }] : []),
                  { key: 'used', label: `${t('types.used')} ${data.used.length}`, children: <Used held={data} /> },
                  { key: 'documents', label: t('documents.tab'), children: <DocumentsTab of={{ type }} may={may} /> },
                  { key: 'versions', label: `${t('types.versions')} ${data.versions.length}`, children: <Versions held={data} onTake={may ? (text: string) => (setTaken({ text }), setTab('text')) : null} /> },
                ]
              : []),
          ]}
        />
      ) : null}
      {doing === 'new' && lines.data ? <NewType lines={lines.data} extend={type} onClose={() => setDoing(null)} /> : null}
      {doing === 'bind' && data ? <BindDialog held={data} onClose={() => setDoing(null)} onBound={() => (setDoing(null), read.reload())} /> : null}
      {doing === 'drop' && data ? <DropType held={data} onClose={() => setDoing(null)} /> : null}
    </Page>
  )
}

function Reader({ text, made }: { text: string; made: Parameters<typeof Made>[0]['made'] }) {
  return (
    <div className="type-sides">
      <pre className="card asset-text">{text}</pre>
      <Made made={made} />
    </div>
  )
}
