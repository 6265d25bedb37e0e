/** Many assets from a table: dropped or pasted, looked at, checked, and only then written. */
import { App, Button, Input } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FileDrop } from '../../components/FileDrop'
import { Icon } from '../../components/Icon'
import { Link, navigate } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { useTrouble } from '../../components/useTrouble'
import { type AssetSpec, assets, type Finding, MOST } from '../../core/assets'
import { type AssetTable, NO_WORDS, rowsOf, soundRows, specsOf, tableOf, type TableWords } from '../../core/assettable'
import { csvText, decodedText, parsedCsv } from '../../core/csv'
import { asProblem } from '../../core/http'
import { saveAs } from '../../core/save'
import type { Problem } from '../../wire/api'
import { heldSpecs } from './held'
import { ImportTable } from './ImportTable'
import { tableWords } from './tablewords'

const SAMPLE = 'asset,parent,level,code,title,title_zh,power\nhall1,,area,,Hall 1,,\npump1,hall1,unit,INV-17,Pump 1,,5.5\n'

interface Checked {
  table: AssetTable
  specs: AssetSpec[]
  added: number
  changed: number
  findings: Finding[]
}

export function ImportAssets({ onChanged }: { onChanged: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const trouble = useTrouble()
  const [words, setWords] = useState<TableWords>(NO_WORDS)
  const [text, setText] = useState('')
  const [file, setFile] = useState('')
  const [checked, setChecked] = useState<Checked | null>(null)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  useEffect(() => void tableWords().then(setWords, trouble), [trouble])

  // What is written here is looked at a moment after the last letter; nothing is stored by looking.
  useEffect(() => {
    setChecked(null)
    setProblem(null)
    if (!text.trim()) return
    const stop = new AbortController()
    const timer = setTimeout(async () => {
      const table = tableOf(parsedCsv(text), words)
      const sound = soundRows(table)
      if (!sound.at.length || table.rows.length > MOST) return setChecked({ table, specs: [], added: 0, changed: 0, findings: [] })
      try {
        const specs = specsOf(sound.table, await heldSpecs(stop.signal))
        const answer = await assets.putMany(specs, true, stop.signal)
        const findings = answer.findings.map((one) => ({ ...one, row: sound.at[one.row - 1] ?? one.row }))
        if (!stop.signal.aborted) setChecked({ table, specs, ...answer, findings })
      } catch (error) {
        if (!stop.signal.aborted) setProblem(asProblem(error))
      }
    }, 250)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [text, words])

  const read = async (one: File) => {
    const { text: read, encoding } = decodedText(new Uint8Array(await one.arrayBuffer()))
    setFile(`${one.name} · ${encoding.toUpperCase()}`)
    setText(read)
  }
  const write = async () => {
    if (!checked) return
    setBusy(true)
    setProblem(null)
    try {
      const done = await assets.putMany(checked.specs, false)
      message.success(t('assets.written', { added: done.added, changed: done.changed }))
      onChanged()
      navigate('/assets')
    } catch (error) {
      setProblem(asProblem(error))
      setBusy(false)
    }
  }
  const download = () => heldSpecs().then((held) => saveAs('assets.csv', csvText(rowsOf([...held.values()])), 'text/csv'), trouble)
  const tooMany = checked !== null && checked.table.rows.length > MOST
  const wrong = checked ? checked.table.findings.length + checked.findings.length : 0
  const nothing = checked !== null && !wrong && checked.added + checked.changed === 0
  return (
    <>
      <Link href="/assets" className="assets-back">
        <Icon name="chevron" size={16} /> {t('nav.assets')}
      </Link>
      <Page
        title={t('assets.import')}
        sub={t('assets.importText')}
        tools={
          <Button icon={<Icon name="download" size={16} />} onClick={() => void download()}>
            {t('assets.download')}
          </Button>
        }
      >
        <section className="card">
          <FileDrop label={t('assets.drop')} accept=".csv,.txt,.tsv,text/csv,text/plain" held={file} onFile={(one) => void read(one)} />
          <Input.TextArea className="asset-paste" rows={5} value={text} spellCheck={false} placeholder={SAMPLE} aria-label={t('assets.paste')} onChange={(event) => (setFile(''), setText(event.target.value))} />
          <p className="muted small">{t('assets.importHint')}</p>
        </section>
        {problem ? <ErrorNote problem={problem} /> : null}
        {text.trim() && !checked && !problem ? <Waiting /> : null}
        {checked ? (
          <section className="card" aria-live="polite">
            <div className="bar">
              <b role="status">{tooMany ? t('assets.tooMany', { n: checked.table.rows.length, most: MOST }) : wrong ? t('assets.wrong', { n: wrong }) : nothing ? t('assets.same', { n: checked.table.rows.length }) : t('assets.would', { n: checked.table.rows.length, added: checked.added, changed: checked.changed })}</b>
              <span className="grow" />
              <Button type="primary" loading={busy} disabled={wrong > 0 || tooMany || nothing} onClick={() => void write()}>
                {t('assets.write')}
              </Button>
            </div>
            <ImportTable table={checked.table} findings={checked.findings} />
          </section>
        ) : null}
      </Page>
    </>
  )
}
