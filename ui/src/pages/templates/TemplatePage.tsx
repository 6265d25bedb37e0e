/** One device template: its registers, its devices and what a newer version changes on them, its text in versions. */
import { Tabs } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { inLanguage, useLanguageCode, usePreferences } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { mayDescribe } from '../../core/assets'
import { templates } from '../../core/devicetemplates'
import { AddDevices } from './AddDevices'
import { Registers } from './Registers'
import { TemplateText } from './TemplateText'
import { UpgradeDevices } from './UpgradeDevices'

export function TemplatePage({ template }: { template: string }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { session } = usePreferences()
  const may = mayDescribe(session)
  const { data, error, reload } = useAsk(`device-template:${template}`, (signal) => templates.get(template, undefined, signal))
  const [tab, setTab] = useState(new URLSearchParams(location.search).get('tab') ?? 'registers')
  return (
    <Page
      title={(data ? inLanguage(language, data.whole.title ?? '', data.whole.title_zh ?? '') : '') || template}
      sub={
        <span className="sub-line">
          <Link href="/templates">{t('templates.title')}</Link>
          <code>{template}</code>
          {data ? <span>{data.shipped ? t('types.shippedText') : t('types.versionOf', { version: data.version })}</span> : null}
        </span>
      }
    >
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting rows={8} /> : null}
      {data ? (
        <Tabs
          className="tabs-all"
          activeKey={tab}
          onChange={setTab}
          items={[
            { key: 'registers', label: `${t('templates.registers')} ${Object.keys(data.whole.points).length}`, children: <Registers held={data} /> },
            ...(may ? [{ key: 'add', label: t('templates.add'), children: <AddDevices held={data} onWritten={reload} /> }] : []),
            { key: 'devices', label: `${t('templates.devices')} ${data.used.length}`, children: <UpgradeDevices held={data} may={may} onWritten={reload} /> },
            { key: 'text', label: `${t('device.text')} · ${t('types.versions')} ${data.versions.length}`, children: <TemplateText key={data.version} held={data} may={may} onWritten={reload} /> },
          ]}
        />
      ) : null}
    </Page>
  )
}
