/** The points of a device with their live values; a virtual list, for 50,000 of them. */
import { Input } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { LivePointRow } from '../../components/LivePointRow'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { useAsk } from '../../components/useAsk'
import { usePointPages } from '../../components/usePointPages'
import { VirtualList } from '../../components/VirtualList'
import { points } from '../../core/calls'

const ROW = 48

export function PointsTab({ device }: { device: string }) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const [search, setSearch] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed.trim()), 150)
    return () => clearTimeout(timer)
  }, [typed])
  const first = useAsk(`points:${device}:${search}`, (signal) => points.list({ device, search, limit: 100 }, signal))
  const pages = usePointPages({ device, search }, first.data)
  return (
    <div className="points-tab">
      <Input allowClear className="tool-search" prefix={<Icon name="search" size={15} />} placeholder={t('device.searchPoints')} aria-label={t('device.searchPoints')} value={typed} onChange={(e) => setTyped(e.target.value)} />
      {first.error ? <ErrorNote problem={first.error} retry={first.reload} /> : null}
      {!first.data && !first.error ? <Waiting /> : null}
      {first.data && first.data.total === 0 ? <Empty title={search ? t('search.none') : t('device.noPoints')} /> : null}
      {first.data && first.data.total > 0 ? (
        <VirtualList
          className="points-list"
          height={Math.min(first.data.total * ROW + 2, Math.max(320, window.innerHeight - 320))}
          label={t('word.point')}
          count={first.data.total}
          rowHeight={ROW}
          onRange={pages.want}
          row={(i) => {
            const point = pages.at(i)
            return point ? <LivePointRow key={point.name} point={point} /> : <div key={i} className="point-row is-waiting" style={{ height: ROW }} />
          }}
        />
      ) : null}
    </div>
  )
}
