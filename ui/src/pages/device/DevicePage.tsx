/** One way in: its state, its points, its text, its history. */
import { Button, Dropdown, Tabs } from 'antd'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { Icon } from '../../components/Icon'
import { Link, navigate, usePath } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { StateMark } from '../../components/StateMark'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { useTrouble } from '../../components/useTrouble'
import { useAsk } from '../../components/useAsk'
import { namedAbove } from '../../core/assets'
import { devices } from '../../core/calls'
import { assetLink, deviceLink, routeOf, trendLink } from '../../core/route'
import { ConnectionTab } from './ConnectionTab'
import { EventsTab } from './EventsTab'
import { hasIdentity, IdentityTab } from './IdentityTab'
import { PointsTab } from './PointsTab'
import { RemoveDialog } from './RemoveDialog'
import { TextTab } from './TextTab'
import { useState } from 'react'

const ASSETS = 4 // named beside the title

export default function DevicePage() {
  const { t, i18n } = useTranslation()
  const route = routeOf(usePath())
  const device = route.page === 'device' ? route.device : ''
  const tab = route.page === 'device' ? route.tab : 'points'
  const trouble = useTrouble()
  const language = useLanguageCode()
  const [removing, setRemoving] = useState(false)
  const { data, error, reload } = useAsk(`device:${device}`, (signal) => devices.get(device, signal), 2000)
  if (!data) return <Page title={device}>{error ? <ErrorNote problem={error} retry={reload} /> : <Waiting rows={8} />}</Page>
  const { spec, status } = data
  const names = (spec.points ?? []).map((point) => point.name)

  const things = [...new Set(names.map(namedAbove))]

  const enable = (enabled: boolean) =>
    devices.save({ ...spec, enabled }, data.revision).then(reload, trouble)

  return (
    <Page
      title={inLanguage(language, spec.title, spec.title_zh) || spec.device}
      sub={
        <span className="sub-line">
          <StateMark state={status.state} />
          {status.since_us ? <Age us={status.since_us} /> : null}
          <span>{spec.device}</span>
          <span>{spec.driver}</span>
          {things.slice(0, ASSETS).map((asset) => (
            <Link key={asset} href={assetLink(asset)}>
              {inLanguage(language, spec.assets?.[asset]?.title, spec.assets?.[asset]?.title_zh) || asset}
            </Link>
          ))}
          {things.length > ASSETS ? <span>{t('assets.more', { n: things.length - ASSETS })}</span> : null}
        </span>
      }
      tools={
        <>
          <Button icon={<Icon name="trends" size={16} />} onClick={() => navigate(trendLink(names.slice(0, 6)))} disabled={!names.length}>
            {t('nav.trends')}
          </Button>
          <Button icon={<Icon name="plus" size={16} />} onClick={() => navigate(`/connect/add?device=${encodeURIComponent(device)}`)}>
            {t('device.addPoints')}
          </Button>
          <Dropdown
            trigger={['click']}
            menu={{
              items: [
                { key: 'enable', label: spec.enabled === false ? t('device.enable') : t('device.disable'), onClick: () => void enable(spec.enabled === false) },
                { key: 'remove', danger: true, label: t('device.remove'), onClick: () => setRemoving(true) },
              ],
            }}
          >
            <Button icon={<Icon name="more" />} aria-label={t('common.more')} />
          </Dropdown>
        </>
      }
    >
      {status.error ? <ErrorNote problem={status.error}>{status.backoff_s ? <p className="muted">{t('device.backoff', { n: Math.round(status.backoff_s) })}</p> : null}</ErrorNote> : null}
      {(data.warnings ?? []).slice(0, 5).map((warning) => (
        <p key={warning.place} className="muted">{i18n.language === 'zh' ? warning.title_zh : warning.title}</p>
      ))}
      <Tabs
        activeKey={tab}
        onChange={(key) => navigate(deviceLink(device, key), { replace: true })}
        items={[
          { key: 'points', label: `${t('word.point')} ${status.points ?? names.length}`, children: <PointsTab device={device} /> },
          { key: 'connection', label: t('device.connection'), children: <ConnectionTab page={data} /> },
          ...(hasIdentity(spec.driver) ? [{ key: 'identity', label: t('device.identity'), children: <IdentityTab page={data} /> }] : []),
          { key: 'text', label: t('device.text'), children: <TextTab device={device} yaml={data.yaml} revision={data.revision ?? 0} onSaved={reload} /> },
          { key: 'events', label: t('device.events'), children: <EventsTab device={device} /> },
        ]}
        destroyOnHidden
      />
      {removing ? <RemoveDialog device={device} points={names.length} onClose={() => setRemoving(false)} /> : null}
    </Page>
  )
}
