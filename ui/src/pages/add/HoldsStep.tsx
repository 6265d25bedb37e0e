/** What does it hold: browse or type, see the live value beside every row, take what you want. */
import { App, Button, Input } from 'antd'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useTrouble } from '../../components/useTrouble'
import { Icon } from '../../components/Icon'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { VirtualList } from '../../components/VirtualList'
import type { Row } from '../../core/browsetree'
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

export function HoldsStep({ manifest, target, choices, taken, onChoices, onBack, onNext }: HoldsStepProps) {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const trouble = useTrouble()
  const [typed, setTyped] = useState('')
  const [search, setSearch] = useState('')
  const [seen, setSeen] = useState({ first: 0, last: 40 })
  const [progress, setProgress] = useState<string | null>(null)
  const canBrowse = manifest.capabilities.includes('browse')
  const browse = useBrowse(target, search)

  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed.trim()), 250)
    return () => clearTimeout(timer)
  }, [typed])

  const visible = useMemo(() => browse.rows.slice(seen.first, seen.last + 1).flatMap((row) => (row.node?.address ? [row.node.address] : [])), [browse.rows, seen])
  const { values } = usePreview(target, visible)
  useEffect(() => browse.see(seen.first, seen.last), [browse.rows, seen, browse.see])
  const onRange = useCallback((first: number, last: number) => setSeen({ first, last }), [])

  const put = (address: string, choice: Choice | null) => {
    const next = new Map(choices)
    if (choice) next.set(address, choice)
    else next.delete(address)
    onChoices(next)
  }
  const takeAll = async (row: Row) => {
    const { node } = row
    if (!node) return
    setProgress(t('add.collecting', { n: 0 }))
    try {
      const found = await browse.all(node.path, (done, total) => setProgress(t('add.collectingOf', { n: done, total })))
      const fresh = found.filter((one) => one.address && !taken.has(one.address))
      const add = () => {
        const next = new Map(choices)
        for (const one of fresh) next.set(one.address, { node: one, folders: [...row.folders, node.title] })
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
              <span className="muted num">{progress ?? (browse.total !== null ? t('add.found', { n: browse.total.toLocaleString('en-US') }) : '')}</span>
              <Button type="text" icon={<Icon name="refresh" size={16} />} aria-label={t('common.retry')} title={t('common.retry')} loading={browse.loading} onClick={browse.reload} />
            </div>
            {browse.problem ? <ErrorNote problem={browse.problem} retry={browse.reload} /> : null}
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
                      onTake={(on) => row.node && put(row.node.address, on ? { node: row.node, folders: row.folders } : null)}
                      onTakeAll={() => void takeAll(row)}
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
        <Taken target={target} choices={choices} onDrop={(address) => put(address, null)} onClear={() => onChoices(new Map())} />
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
