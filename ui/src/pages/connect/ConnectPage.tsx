/** All ways in: state, since when, and what to do about it. */
import { Button } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { Link, navigate } from '../../components/navigation'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { SearchField } from '../../components/SearchField'
import { useAsk } from '../../components/useAsk'
import { devices } from '../../core/calls'
import { Callers } from './Callers'
import { DeviceLine } from './DeviceLine'
import { OpcUaServer } from './OpcUaServer'

const ORDER = { down: 0, connecting: 1, unknown: 2, connected: 3, disabled: 4 }

export default function ConnectPage() {
  const { t } = useTranslation()
  const [search, setSearch] = useState('')
  const { data, error, reload } = useAsk('devices', devices.list, 2000)
  const rows = useMemo(() => {
    const want = search.trim().toLowerCase()
    return (data ?? [])
      .filter((row) => !want || [row.device, row.title, row.title_zh, row.driver].some((word) => word?.toLowerCase().includes(want)))
      .sort((a, b) => ORDER[a.state] - ORDER[b.state] || a.device.localeCompare(b.device))
  }, [data, search])
  const ok = (data ?? []).filter((row) => row.state === 'connected').length
  return (
    <Page
      title={t('nav.connect')}
      sub={data ? t('connect.sub', { ok, all: data.length }) : undefined}
      tools={
        <>
          <SearchField className="tool-search" label={t('connect.search')} onSearch={setSearch} rest={0} />
          <Button icon={<Icon name="download" size={16} />} onClick={() => navigate('/connect/sheets')}>
            {t('sheets.title')}
          </Button>
          <Button icon={<Icon name="copy" size={16} />} onClick={() => navigate('/templates')}>
            {t('templates.title')}
          </Button>
          <Button type="primary" icon={<Icon name="plus" size={16} />} onClick={() => navigate('/connect/add')}>
            {t('connect.add')}
          </Button>
        </>
      }
    >
      <Callers />
      {error && !data ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting rows={6} /> : null}
      {data && data.length === 0 ? (
        <Empty icon="connect" title={t('connect.none')} advice={t('connect.noneAdvice')}>
          <Link href="/connect/add" className="big-link">
            {t('connect.add')}
          </Link>
        </Empty>
      ) : null}
      {rows.length ? (
        <table className="table devices">
          <thead>
            <tr>
              <th>{t('connect.state')}</th>
              <th>{t('word.device')}</th>
              <th>{t('connect.driver')}</th>
              <th className="r">{t('word.point')}</th>
              <th className="r">{t('connect.rate')}</th>
              <th>{t('connect.since')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <DeviceLine key={row.device} row={row} />
            ))}
          </tbody>
        </table>
      ) : null}
      {data && data.length > 0 && rows.length === 0 ? <Empty title={t('search.none')} /> : null}
      <OpcUaServer />
    </Page>
  )
}
