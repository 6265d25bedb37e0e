/** The demo plant's own switches, and a walk through the product. */
import { Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useTrouble } from '../../components/useTrouble'
import { Age } from '../../components/Age'
import { Link } from '../../components/navigation'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { StateMark } from '../../components/StateMark'
import { useAsk } from '../../components/useAsk'
import { demo } from '../../core/calls'
import type { Fault } from '../../wire/api'

export default function DemoPage() {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { data, error, reload } = useAsk('demo', demo.get, 3000)
  if (!data) return <Page title={t('nav.demo')}>{error ? error.code === 'http.not_found' ? <Empty icon="demo" title={t('demo.none')} /> : <ErrorNote problem={error} retry={reload} /> : <Waiting rows={8} />}</Page>
  return (
    <Page title={t('nav.demo')} sub={t('demo.sub')}>
      <div className="cards2 demo">
        <section className="card">
          <h2>{t('demo.faults')}</h2>
          <p className="muted">{t('demo.faultsText')}</p>
          <ul className="faults">
            {data.faults.map((fault) => (
              <FaultRow key={fault.id} fault={fault} onDone={reload} />
            ))}
          </ul>
        </section>
        <section className="card">
          <h2>{t('demo.tour')}</h2>
          <ol className="tour">
            {data.tour.map((step, i) => (
              <li key={i}>
                <strong>{inLanguage(language, step.title, step.title_zh)}</strong>
                <p>{inLanguage(language, step.text, step.text_zh)}</p>
                {step.link ? <Link href={step.link}>{t('common.open')}</Link> : null}
              </li>
            ))}
          </ol>
        </section>
      </div>
    </Page>
  )
}

function FaultRow({ fault, onDone }: { fault: Fault; onDone: () => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const trouble = useTrouble()
  const [busy, setBusy] = useState(false)
  const title = inLanguage(language, fault.title, fault.title_zh)
  const turn = async (active: boolean) => {
    setBusy(true)
    try {
      await demo.fault(fault.id, active)
      onDone()
    } catch (error) {
      trouble(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <li>
      <Switch checked={fault.active} loading={busy} onChange={turn} aria-label={title} />
      <div>
        <strong>{title}</strong> <span className="muted">{fault.asset}</span>
        <p className="muted">{inLanguage(language, fault.description, fault.description_zh)}</p>
        {fault.active ? (
          <p className="fault-on">
            <StateMark state="simulated" label={t('demo.active')} /> {fault.since_us ? <Age us={fault.since_us} /> : null}
          </p>
        ) : null}
      </div>
    </li>
  )
}
