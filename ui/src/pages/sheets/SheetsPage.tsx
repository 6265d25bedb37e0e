/** A spreadsheet comes in: dropped, shown as it was understood, agreed to, stored; the chart is then drawing. */
import { Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FileDrop } from '../../components/FileDrop'
import { Icon } from '../../components/Icon'
import { Link } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { asProblem } from '../../core/http'
import { type LookOptions, type SheetLook, sheets } from '../../core/sheets'
import { zone } from '../../core/time'
import type { Problem } from '../../wire/api'
import { SheetChosen } from './SheetChosen'
import { SheetPicture } from './SheetPicture'

const ENDINGS = '.xlsx,.xlsm,.xlsb,.xls,.ods,.csv,.tsv,.txt'

export default function SheetsPage() {
  const { t } = useTranslation()
  const [look, setLook] = useState<SheetLook | null>(null)
  const [options, setOptions] = useState<LookOptions>({ asset: '', zone: zone(), order: '', decimal: '' })
  const [sheet, setSheet] = useState(0)
  const [chosen, setChosen] = useState(0)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)

  const run = async (work: () => Promise<SheetLook>, fresh: boolean) => {
    setBusy(true)
    setProblem(null)
    try {
      const found = await work()
      setLook(found)
      if (!fresh) return
      const first = Math.max(0, found.tables.findIndex((one) => one.templates.length > 0 || (one.proposal.points ?? []).length > 0 || one.proposal.episodes))
      setChosen(first)
      setSheet(Math.max(0, found.sheets.findIndex((one) => one.name === found.tables[first]?.sheet)))
    } catch (error) {
      if (fresh) setLook(null)
      setProblem(asProblem(error))
    } finally {
      setBusy(false)
    }
  }
  const change = (next: LookOptions) => {
    setOptions(next)
    if (look) void run(() => sheets.again(look, next), false)
  }
  const choose = (at: number) => {
    setChosen(at)
    setSheet(Math.max(0, look?.sheets.findIndex((one) => one.name === look.tables[at]?.sheet) ?? 0))
  }
  const drawn = look?.sheets[sheet]
  const table = look?.tables[chosen]
  return (
    <>
      <Link href="/connect" className="assets-back">
        <Icon name="chevron" size={16} /> {t('nav.connect')}
      </Link>
      <Page title={t('sheets.title')} sub={t('sheets.sub')}>
        <section className="card">
          <FileDrop label={t('sheets.drop')} accept={ENDINGS} held={look ? [look.name, look.encoding.toUpperCase()].filter(Boolean).join(' · ') : ''} onFile={(file) => void run(() => sheets.look(file, options), true)} />
          <div className="bar sheet-options">
            <label>
              {t('sheets.asset')} <Input size="small" className="sheet-day" value={options.asset} placeholder="sheet" onChange={(event) => setOptions({ ...options, asset: event.target.value })} onBlur={() => look && change(options)} />
            </label>
            <label>
              {t('sheets.zone')} <Input size="small" className="sheet-day" value={options.zone} onChange={(event) => setOptions({ ...options, zone: event.target.value })} onBlur={() => look && change(options)} />
            </label>
          </div>
        </section>
        {problem ? <ErrorNote problem={problem} /> : null}
        {busy ? <Waiting rows={4} /> : null}
        {look && drawn ? (
          <section className="card" aria-live="polite">
            <div className="bar">
              <h2>{t('sheets.found', { n: look.tables.length })}</h2>
              <span className="grow" />
              {look.sheets.length > 1 ? <Select aria-label={t('sheets.sheet')} popupMatchSelectWidth={false} value={sheet} options={look.sheets.map((one, value) => ({ value, label: one.name + (one.hidden ? ` (${t('sheets.hidden')})` : '') }))} onChange={setSheet} /> : null}
              {look.tables.length > 1 ? <Select aria-label={t('sheets.table')} popupMatchSelectWidth={false} value={chosen} options={look.tables.map((one, value) => ({ value, label: `${one.sheet} ${one.range}`.trim() }))} onChange={choose} /> : null}
            </div>
            <SheetPicture drawn={drawn} tables={look.tables} chosen={chosen} onChoose={choose} />
          </section>
        ) : null}
        {look && table ? <SheetChosen key={`${look.id} ${chosen} ${options.order}${options.decimal}${table.proposal.time?.zone ?? ''}${options.asset}`} look={look} table={table} options={options} onOptions={change} /> : null}
      </Page>
    </>
  )
}
