/** The devices made of a template, and what its newest version changes on each; some are picked, all of those or none. */
import { App, Button } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { useAsk } from '../../components/useAsk'
import { asProblem } from '../../core/http'
import { templates, type TemplateWhole } from '../../core/devicetemplates'
import type { Problem } from '../../wire/api'
import { PlanTable } from './PlanTable'

export function UpgradeDevices({ held, may, onWritten }: { held: TemplateWhole; may: boolean; onWritten: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const { data, error, reload } = useAsk(held.used.length && may ? `upgrade:${held.template}@${held.version}:${held.used.map((one) => one.version).join()}` : null, (signal) => templates.upgrade(held.template, null, true, signal))
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  useEffect(() => setPicked(new Set((data?.lines ?? []).filter((line) => line.outcome === 'changed').map((line) => line.device))), [data])
  if (!held.used.length) return <Empty title={t('templates.unused')} advice={t('templates.unusedAdvice')} />
  const pick = (device: string, on: boolean) => {
    const next = new Set(picked)
    if (on) next.add(device)
    else next.delete(device)
    setPicked(next)
  }
  const write = async () => {
    setBusy(true)
    setProblem(null)
    try {
      const done = await templates.upgrade(held.template, [...picked], false)
      message.success(t('templates.upgraded', { n: done.changed, version: done.version }))
      onWritten()
      reload()
    } catch (failed) {
      setProblem(asProblem(failed))
    } finally {
      setBusy(false)
    }
  }
  return (
    <section className="card">
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      {problem ? <ErrorNote problem={problem} /> : null}
      {may && !data && !error ? <Waiting rows={4} /> : null}
      {data ? (
        <>
          <div className="bar">
            <b role="status">{data.changed ? t('templates.behindText', { n: data.changed, version: data.version }) : t('templates.allNewest', { n: data.same, version: data.version })}</b>
            <span className="grow" />
            {data.changed ? (
              <Button type="primary" loading={busy} disabled={!picked.size} onClick={() => void write()}>
                {t('templates.upgrade', { n: picked.size })}
              </Button>
            ) : null}
          </div>
          <PlanTable lines={data.lines} picked={picked} onPick={pick} />
        </>
      ) : null}
      {may ? null : <ul>{held.used.map((one) => <li key={one.device}>{one.device} <small className="muted">{t('types.versionOf', { version: one.version })}</small></li>)}</ul>}
    </section>
  )
}
