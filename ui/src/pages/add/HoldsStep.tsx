/** What does it hold: browse or type, see the live value beside every row, take what you want. */
import { App, Button, Input } from 'antd'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useTrouble } from '../../components/useTrouble'
import { Icon } from '../../components/Icon'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { useRested } from '../../components/useRested'
import { VirtualList } from '../../components/VirtualList'
import type { Target } from '../../core/calls'
import type { Manifest, Node } from '../../wire/api'
import { BrowseRow } from './BrowseRow'
import { FreeAddress } from './FreeAddress'
import { Taken } from './Taken'
import { useBrowse } from './useBrowse'
import { usePreview } from './usePreview'

export interface Choice {
  node: Node | null
  folders: readonly string[]
}

export interface HoldsStepProps {
  manifest: Manifest
  target: Target
  choices: ReadonlyMap<string, Choice>
  /** Addresses that are points of this device already. */
  taken: ReadonlySet<string>
  onChoices: (choices: ReadonlyMap<string, Choice>) => void
  onBack: (() => void) | null
  onNext: () => void
}

const ROW = 34
// More than this at once is asked about: it is a load on the machine.
const MANY = 500
// What a driver lists of one search.
const MOST_FOUND = 5000

export function HoldsStep({ manifest, target, choices, taken, onChoices, onBack, onNext }: HoldsStepProps) {
  const { t } = useTranslation()
  const { modal, message } = App.useApp()
  const trouble = useTrouble()
  const [typed, setTyped] = useState('')
  const search = useRested(typed.trim(), 250)
  const [seen, setSeen] = useState({ first: 0, last: 40 })
  const [progress, setProgress] = useState<string | null>(null)
  const canBrowse = manifest.capabilities.includes('browse')
  const browse = useBrowse(target, search)

  const visible = useMemo(() => browse.rows.slice(seen.first, seen.last + 1).flatMap((row) => (row.node?.address ? [row.node.address] : [])), [browse.rows, seen])
  const { values } = usePreview(target, visible)
  useEffect(() => browse.see(seen.first, seen.last), [browse.rows, seen, browse.see])
  const onRange = useCallback((first: number, last: number) => setSeen({ first, last }), [])

  const drop = (address: string) => {
    const next = new Map(choices)
    next.delete(address)
    onChoices(next)
  }
  const last = useRef<number | null>(null)
  useEffect(() => void (last.current = null), [search])
  const take = (at: number, on: boolean, ranged: boolean) => {
    const from = ranged ? (last.current ?? at) : at
    const range = browse.rows.slice(Math.min(from, at), Math.max(from, at) + 1)
    if (range.some((row) => !row.node)) {
      browse.see(Math.min(from, at), Math.max(from, at))
      void message.info(t('add.rangeLoading'))
      return
    }
    const next = new Map(choices)
    for (const { node, folders } of range) {
      if (!node?.address || taken.has(node.address)) continue
      if (on) next.set(node.address, { node, folders: above(node, folders) })
      else next.delete(node.address)
    }
    last.current = at
    onChoices(next)
  }
  const collect = async (ask: (progress: (done: number, total: number) => void) => Promise<Node[]>, folders: (node: Node) => readonly string[]) => {
    setProgress(t('add.collecting', { n: 0 }))
    try {
      const found = await ask((done, total) => setProgress(t('add.collectingOf', { n: done, total })))
      const fresh = found.filter((one) => one.address && !taken.has(one.address))
      const add = () => {
        const next = new Map(choices)
        for (const one of fresh) next.set(one.address, { node: one, folders: folders(one) })
        onChoices(next)
      }
      if (fresh.length > MANY) modal.confirm({ title: t('add.many', { n: fresh.length.toLocaleString('en-US') }), content: t('add.manyText'), okText: t('add.takeThem'), cancelText: t('common.cancel'), onOk: add })
      else add()
    } catch (error) {
      trouble(error)
    } finally {
      setProgress(null)
    }
  }

  return (
    <div className="holds">
      <section className="card holds-browse">
        {canBrowse ? (
          <>
            <div className="bar">
              <Input allowClear prefix={<Icon name="search" size={15} />} placeholder={t('add.browseSearch')} aria-label={t('add.browseSearch')} value={typed} onChange={(e) => setTyped(e.target.value)} />
              <span className="muted num">{progress ?? (browse.total !== null ? t(search && browse.total >= MOST_FOUND ? 'add.foundFirst' : 'add.found', { n: browse.total.toLocaleString('en-US') }) : '')}</span>
              {search && browse.total ? (
                <Button size="small" onClick={() => void collect(browse.found, (node) => above(node, []))}>
                  {t('add.takeAll')}
                </Button>
              ) : null}
              <Button type="text" icon={<Icon name="refresh" size={16} />} aria-label={t('common.retry')} title={t('common.retry')} loading={browse.loading} onClick={browse.reload} />
            </div>
            {browse.problem ? <ErrorNote problem={browse.problem} retry={browse.reload} /> : null}
            {browse.rows.length === 0 && browse.loading && search ? <p className="muted small">{t('add.firstSearch')}</p> : null}
            {browse.rows.length === 0 && browse.loading ? <Waiting rows={8} /> : null}
            {browse.rows.length === 0 && !browse.loading && !browse.problem ? <Empty title={search ? t('search.none') : t('add.holdsNothing')} advice={t('add.holdsNothingAdvice')} /> : null}
            {browse.rows.length ? (
              <VirtualList
                className="browse"
                label={t('add.holds')}
                count={browse.rows.length}
                rowHeight={ROW}
                onRange={onRange}
                row={(i) => {
                  const row = browse.rows[i]
                  return row ? (
                    <BrowseRow
                      key={row.node?.path || row.node?.address || `${row.parent}#${row.index}`}
                      row={row}
                      height={ROW}
                      open={row.node ? browse.isOpen(row.node) : false}
                      chosen={row.node ? choices.has(row.node.address) : false}
                      taken={row.node ? taken.has(row.node.address) : false}
                      preview={row.node ? values.get(row.node.address) : undefined}
                      onFlip={() => row.node && browse.flip(row.node)}
                      onTake={(on, ranged) => take(i, on, ranged)}
                      onTakeAll={() => {
                        const { node } = row
                        if (node) void collect((progress) => browse.all(node.path, progress), () => [...above(node, row.folders), node.title])
                      }}
                    />
                  ) : null
                }}
              />
            ) : null}
          </>
        ) : (
          <Empty icon="edit" title={t('add.noBrowse')} advice={t('add.noBrowseAdvice')} />
        )}
      </section>
      <aside className="card holds-side">
        <FreeAddress manifest={manifest} target={target} taken={taken} onAdd={(addresses) => onChoices(new Map([...choices, ...addresses.map((address) => [address, { node: null, folders: [] }] as const)]))} />
        <Taken target={target} choices={choices} onDrop={drop} onClear={() => onChoices(new Map())} />
      </aside>
      <footer className="wizard-foot">
        {onBack ? <Button onClick={onBack}>{t('common.back')}</Button> : null}
        <span className="grow" />
        <Button type="primary" disabled={choices.size === 0} onClick={onNext}>
          {t('add.nextPoints', { n: choices.size.toLocaleString('en-US') })}
        </Button>
      </footer>
    </div>
  )
}

/** Titles of the folders above: a search tells them with what it found, the tree knows them. */
function above(node: Node, folders: readonly string[]): readonly string[] {
  return node.folders?.length ? node.folders : folders
}
