/** N devices of a template: a table dropped or pasted, shown line by line, and only then written: all, or none. */
import { App, Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FileDrop } from '../../components/FileDrop'
import { ErrorNote, Waiting } from '../../components/notes'
import { useAsk } from '../../components/useAsk'
import { useRested } from '../../components/useRested'
import { decodedText } from '../../core/csv'
import { asProblem } from '../../core/http'
import { sampleTable, templates, type TemplateWhole } from '../../core/devicetemplates'
import type { Problem } from '../../wire/api'
import { PlanTable } from './PlanTable'

export function AddDevices({ held, onWritten }: { held: TemplateWhole; onWritten: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [text, setText] = useState('')
  const [file, setFile] = useState('')
  const [refused, setRefused] = useState<{ text: string; problem: Problem } | null>(null)
  const [busy, setBusy] = useState(false)

  // What is written here is looked at a moment after the last letter; nothing is stored by looking.
  const rested = useRested(text, 300)
  const asked = useAsk(rested.trim() ? `devices-of:${held.template}:${rested}` : null, (signal) => templates.devices(held.template, rested, true, signal))
  const plan = rested === text && !asked.loading ? asked.data : null
  const problem = refused?.text === text ? refused.problem : rested === text ? asked.error : null

  const read = async (one: File) => {
    const { text: found, encoding } = decodedText(new Uint8Array(await one.arrayBuffer()))
    setFile(`${one.name} · ${encoding.toUpperCase()}`)
    setText(found)
  }
  const write = async () => {
    setBusy(true)
    setRefused(null)
    try {
      const done = await templates.devices(held.template, text, false)
      message.success(t('templates.written', { n: done.new + done.changed }))
      setText('')
      onWritten()
    } catch (error) {
      setRefused({ text, problem: asProblem(error) })
    } finally {
      setBusy(false)
    }
  }
  const nothing = plan !== null && plan.new + plan.changed === 0
  return (
    <>
      <section className="card">
        <FileDrop label={t('templates.drop')} accept=".csv,.txt,.tsv,text/csv,text/plain" held={file} onFile={(one) => void read(one)} />
        <Input.TextArea className="asset-paste" rows={5} value={text} spellCheck={false} placeholder={sampleTable(held.whole)} aria-label={t('templates.table')} onChange={(event) => (setFile(''), setText(event.target.value))} />
        <p className="muted small">{t('templates.tableHint')}</p>
      </section>
      {problem ? <ErrorNote problem={problem} /> : null}
      {text.trim() && !plan && !problem ? <Waiting /> : null}
      {plan ? (
        <section className="card" aria-live="polite">
          <div className="bar">
            <b role="status">{t('templates.counts', { new: plan.new, changed: plan.changed, same: plan.same, wrong: plan.wrong })}</b>
            <span className="grow" />
            <Button type="primary" loading={busy} disabled={plan.wrong > 0 || nothing} onClick={() => void write()}>
              {t('templates.write', { n: plan.new + plan.changed })}
            </Button>
          </div>
          <PlanTable lines={plan.lines} />
        </section>
      ) : null}
    </>
  )
}
