/** Points with their live values, found by device or asset; a virtual list, for 50,000 of them. */
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { points } from '../core/calls'
import { LivePointRow } from './LivePointRow'
import { Empty, ErrorNote, Waiting } from './notes'
import { SearchField } from './SearchField'
import { useAsk } from './useAsk'
import { usePointPages } from './usePointPages'
import { VirtualList } from './VirtualList'

const ROW = 48

export function PointList({ ask, none }: { ask: { device: string } | { asset: string }; none: string }) {
  const { t } = useTranslation()
  const [search, setSearch] = useState('')
  const first = useAsk(`points:${JSON.stringify(ask)}:${search}`, (signal) => points.list({ ...ask, search, limit: 100 }, signal))
  const pages = usePointPages({ ...ask, search }, first.data)
  return (
    <div className="points-tab">
      <SearchField className="tool-search" label={t('device.searchPoints')} onSearch={setSearch} />
      {first.error ? <ErrorNote problem={first.error} retry={first.reload} /> : null}
      {!first.data && !first.error ? <Waiting /> : null}
      {first.data && first.data.total === 0 ? <Empty title={search ? t('search.none') : none} /> : null}
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
