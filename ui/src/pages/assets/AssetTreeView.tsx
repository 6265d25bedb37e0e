/** All assets as a tree, or those found as a list; steered with arrows, Enter, Home and End. */
import { type KeyboardEvent, useEffect, useId, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { ErrorNote, Waiting } from '../../components/notes'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { VirtualList } from '../../components/VirtualList'
import { type AssetLine, assets, type AssetsAsk } from '../../core/assets'
import { keyed, type TreeRow } from '../../core/assettree'
import { AssetTags, LevelIcon } from './AssetMark'
import type { TreeHold } from './useAssetTree'

const ROW = 34
const FOUND = 500

export interface AssetTreeProps {
  hold: TreeHold
  /** Null shows the tree; otherwise the list of what is found. */
  asked: AssetsAsk | null
  chosen: string
  onChoose: (asset: string) => void
  /** What cannot be chosen, and why it is grey. */
  barred?: ReadonlySet<string>
  turn?: number
}

export function AssetTreeView({ hold, asked, chosen, onChoose, barred, turn = 0 }: AssetTreeProps) {
  const { t } = useTranslation()
  const base = useId()
  const [at, setAt] = useState(0)
  const [followed, setFollowed] = useState('')
  const found = useAsk(asked ? `assets:${turn}:${JSON.stringify(asked)}` : null, (signal) => assets.list({ ...asked, limit: FOUND }, signal))
  const rows = useMemo<readonly TreeRow[]>(() => (asked ? (found.data?.assets ?? []).map((line) => ({ kind: 'asset', line, depth: 0, open: false })) : hold.rows), [asked, found.data, hold.rows])

  // The row of what is chosen is the one that keys start from, once it is there.
  const place = rows.findIndex((row) => row.kind === 'asset' && row.line.asset === chosen)
  useEffect(() => {
    if (place < 0 || followed === chosen) return
    setAt(place)
    setFollowed(chosen)
  }, [place, chosen, followed])

  const here = Math.min(at, Math.max(0, rows.length - 1))
  const enter = (row: TreeRow | undefined) => {
    if (row?.kind === 'more') hold.more(row.parent)
    else if (row?.kind === 'asset' && !barred?.has(row.line.asset)) onChoose(row.line.asset)
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Enter') enter(rows[here])
    else {
      const next = keyed(rows, here, event.key)
      if (!next) return
      setAt(next.at)
      if (next.open !== undefined) hold.open(next.open)
      if (next.shut !== undefined) hold.shut(next.shut)
    }
    event.preventDefault()
  }

  const error = asked ? found.error : hold.error
  if (error && !rows.some((row) => row.kind === 'asset')) return <ErrorNote problem={error} retry={asked ? found.reload : hold.reload} />
  if (asked ? !found.data : rows[0]?.kind === 'waiting') return <Waiting rows={6} />
  if (!rows.length) return <p className="muted">{t(asked ? 'search.none' : 'assets.none')}</p>
  return (
    <>
      <div className="asset-rows" onKeyDown={onKey}>
        <VirtualList
          className="tree-list"
          role="tree"
          label={t('nav.assets')}
          count={rows.length}
          rowHeight={ROW}
          at={{ index: here, id: `${base}${here}` }}
          row={(i) => {
            const row = rows[i]
            if (!row) return null
            const key = row.kind === 'asset' ? `a:${row.depth}:${row.line.asset}` : `${row.kind}:${row.parent}`
            return (
              <Row key={key} id={`${base}${i}`} row={row} isAt={i === here} isChosen={row.kind === 'asset' && row.line.asset === chosen} isBarred={row.kind === 'asset' && (barred?.has(row.line.asset) ?? false)} isFlat={asked !== null} onEnter={() => (setAt(i), enter(row))} onFlip={(line) => (setAt(i), (row.kind === 'asset' && row.open ? hold.shut : hold.open)(line.asset))} />
            )
          }}
        />
      </div>
      {found.data && found.data.total > found.data.assets.length ? <p className="muted small">{t('tree.more', { n: found.data.total - found.data.assets.length })}</p> : null}
    </>
  )
}

interface RowProps {
  id: string
  row: TreeRow
  isAt: boolean
  isChosen: boolean
  isBarred: boolean
  isFlat: boolean
  onEnter: () => void
  onFlip: (line: AssetLine) => void
}

function Row({ id, row, isAt, isChosen, isBarred, isFlat, onEnter, onFlip }: RowProps) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const style = { height: ROW, paddingInlineStart: 4 + row.depth * 16 }
  const seat = { id, role: 'treeitem', 'aria-level': row.depth + 1, style, onClick: onEnter }
  if (row.kind !== 'asset') {
    return (
      <div {...seat} style={{ height: ROW, paddingInlineStart: 32 + row.depth * 16 }} className={`asset-row is-more ${isAt ? 'is-at' : ''}`} aria-selected={false}>
        {row.kind === 'more' ? t('assets.more', { n: row.rest }) : t('common.loading')}
      </div>
    )
  }
  const { line } = row
  const title = inLanguage(language, line.title, line.title_zh)
  return (
    <div {...seat} className={`asset-row ${isAt ? 'is-at' : ''} ${isChosen ? 'is-chosen' : ''}`} aria-selected={isChosen} aria-disabled={isBarred || undefined} {...(line.children && !isFlat ? { 'aria-expanded': row.open } : {})} title={[title, line.asset, t(`assets.level.${line.level}`), line.code, isFlat && line.parent].filter(Boolean).join('\n')}>
      {line.children && !isFlat ? (
        <button type="button" className={`asset-flip ${row.open ? 'is-open' : ''}`} tabIndex={-1} aria-label={t(row.open ? 'assets.shut' : 'assets.open', { asset: line.asset })} onClick={(event) => (event.stopPropagation(), onFlip(line))}>
          <Icon name="chevron" size={14} />
        </button>
      ) : (
        <span className="asset-flip" />
      )}
      {line.described ? <LevelIcon level={line.level} /> : <Icon name="why" size={16} />}
      <span className="asset-name">
        {title || line.asset}
        {title && title !== line.asset ? <small>{line.asset}</small> : null}
      </span>
      <AssetTags line={line} />
      {line.described ? <span className="asset-level">{t(`assets.level.${line.level}`)}</span> : null}
      <span className="asset-count num" title={t('assets.points', { n: line.points })}>
        {line.points || ''}
      </span>
    </div>
  )
}
