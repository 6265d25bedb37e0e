/** Points under their assets: search, tick or drag. Virtual, so that a large plant does not slow it. */
import { type DragEvent, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { points } from '../core/calls'
import { unitText } from '../core/format'
import { spoken } from '../core/spoken'
import type { Point } from '../wire/api'
import { Icon } from './Icon'
import { ErrorNote, Waiting } from './notes'
import { useLanguageCode } from './preferences'
import { SearchField } from './SearchField'
import { useAsk } from './useAsk'
import { VirtualList } from './VirtualList'

const LIMIT = 2000
const ROW = 32

type Row = { kind: 'asset'; asset: string; title: string; names: string[]; open: boolean } | { kind: 'point'; point: Point }

export const DRAG_TYPE = 'application/x-baigong-points'

export function PointTree({ chosen, onToggle, onAdd }: { chosen: ReadonlySet<string>; onToggle: (name: string) => void; onAdd: (names: string[]) => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [search, setSearch] = useState('')
  const [shut, setShut] = useState<ReadonlySet<string>>(new Set())
  const { data, error, reload } = useAsk(`tree:${search}`, (signal) => points.list({ search, limit: LIMIT }, signal))

  const rows = useMemo<Row[]>(() => {
    const byAsset = new Map<string, Point[]>()
    for (const raw of data?.points ?? []) {
      const point = spoken(language, raw)
      byAsset.set(point.asset, [...(byAsset.get(point.asset) ?? []), point])
    }
    return [...byAsset.keys()].sort().flatMap((asset): Row[] => {
      const mine = (byAsset.get(asset) ?? []).sort((a, b) => a.name.localeCompare(b.name))
      const open = !shut.has(asset)
      const head: Row = { kind: 'asset', asset, title: mine[0]?.asset_title || asset, names: mine.map((point) => point.name), open }
      return open ? [head, ...mine.map((point): Row => ({ kind: 'point', point }))] : [head]
    })
  }, [data, shut, language])

  const drag = (event: DragEvent, names: string[]) => {
    event.dataTransfer.setData(DRAG_TYPE, JSON.stringify(names))
    event.dataTransfer.setData('text/plain', names.join('\n'))
    event.dataTransfer.effectAllowed = 'copy'
  }
  const flip = (asset: string) =>
    setShut((old) => {
      const next = new Set(old)
      if (!next.delete(asset)) next.add(asset)
      return next
    })

  return (
    <div className="tree">
      <SearchField label={t('tree.search')} onSearch={setSearch} />
      {error && !data ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting rows={6} /> : null}
      {data && rows.length === 0 ? <p className="muted">{t('search.none')}</p> : null}
      {rows.length ? (
        <VirtualList
          className="tree-list"
          label={t('word.point')}
          count={rows.length}
          rowHeight={ROW}
          row={(i) => {
            const row = rows[i]
            if (!row) return null
            return row.kind === 'asset' ? (
              <div key={`a:${row.asset}`} className="tree-asset" style={{ height: ROW }} role="listitem" draggable onDragStart={(event) => drag(event, row.names)}>
                <button type="button" className={`tree-open ${row.open ? 'is-open' : ''}`} aria-expanded={row.open} onClick={() => flip(row.asset)}>
                  <Icon name="chevron" size={14} /> <span title={row.asset}>{row.title}</span>
                </button>
                <button type="button" className="tree-add" title={t('tree.addAll')} aria-label={`${t('tree.addAll')} ${row.asset}`} onClick={() => onAdd(row.names)}>
                  <span className="num">{row.names.length}</span> <Icon name="plus" size={13} />
                </button>
              </div>
            ) : (
              <label key={row.point.name} className="tree-point" style={{ height: ROW }} role="listitem" draggable onDragStart={(event) => drag(event, [row.point.name])} title={`${row.point.name}${row.point.title ? `\n${row.point.title}` : ''}`}>
                <input type="checkbox" checked={chosen.has(row.point.name)} onChange={() => onToggle(row.point.name)} />
                <span className="tree-name">{row.point.title || row.point.quantity}</span>
                <i className="unit">{unitText(row.point.unit)}</i>
              </label>
            )
          }}
        />
      ) : null}
      {data && data.total > data.points.length ? <p className="muted small">{t('tree.more', { n: data.total - data.points.length })}</p> : null}
    </div>
  )
}
