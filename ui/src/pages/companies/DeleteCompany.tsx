/** Deletes all of a suspended company: says what goes and what stays, wants the id typed, shows the way, gives the proof. */
import { Button, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { ErrorNote, Waiting } from '../../components/notes'
import { useProof } from '../../components/Prove'
import { useAsk } from '../../components/useAsk'
import { asProblem } from '../../core/http'
import { type Departure, deletedOf, leaving } from '../../core/leaving'
import type { Problem } from '../../wire/api'

const LOOK_MS = 1000

export function DeleteCompany({ tenant, onClose }: { tenant: string; onClose: () => void }) {
  const { t } = useTranslation()
  const [begun, setBegun] = useState(0)
  const { data, error, reload } = useAsk(`leaving:${tenant}:${begun}`, () => leaving.state(tenant), LOOK_MS)
  return (
    <Modal open title={t('leave.title', { name: tenant })} footer={null} onCancel={onClose} width={640}>
      {error && !data ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data ? error ? null : <Waiting rows={4} /> : data.state === 'gone' ? <Gone departure={data} /> : data.state === 'leaving' ? <OnTheWay departure={data} /> : <Ask tenant={tenant} onBegun={() => setBegun(begun + 1)} onClose={onClose} />}
    </Modal>
  )
}

function Ask({ tenant, onBegun, onClose }: { tenant: string; onBegun: () => void; onClose: () => void }) {
  const { t } = useTranslation()
  const { attempt, dialog } = useProof()
  const [typed, setTyped] = useState('')
  const [reason, setReason] = useState('')
  const [problem, setProblem] = useState<Problem | null>(null)
  const begin = () => {
    setProblem(null)
    void attempt(
      () => leaving.delete(tenant, typed, reason).then(onBegun),
      (failed) => setProblem(asProblem(failed)),
    )
  }
  return (
    <>
      <p>{t('leave.goes')}</p>
      <p className="muted">{t('leave.stays')}</p>
      <p className="muted">{t('leave.backups')}</p>
      <label className="form-row">
        <span>{t('leave.reason')}</span>
        <Input value={reason} maxLength={500} onChange={(e) => setReason(e.target.value)} />
      </label>
      <label className="form-row">
        <span>{t('leave.type', { name: tenant })}</span>
        <Input value={typed} autoComplete="off" onChange={(e) => setTyped(e.target.value)} />
      </label>
      {problem ? <ErrorNote problem={problem} /> : null}
      <div className="bar">
        <Button danger type="primary" disabled={typed !== tenant} onClick={begin}>
          {t('leave.go')}
        </Button>
        <Button onClick={onClose}>{t('common.cancel')}</Button>
      </div>
      {dialog}
    </>
  )
}

function OnTheWay({ departure }: { departure: Departure }) {
  const { t } = useTranslation()
  const steps = ['machines', 'values', 'files', 'records']
  const at = steps.indexOf(departure.step)
  return (
    <div role="status">
      <p>{t('leave.underWay')}</p>
      <ol>
        {steps.map((step, index) => (
          <li key={step} className={index > at ? 'muted' : ''} aria-current={index === at ? 'step' : undefined}>
            {t(`leave.step.${step}` as 'leave.step.machines')} {index < at ? '✓' : index === at ? '…' : ''}
          </li>
        ))}
      </ol>
      {departure.trouble ? <ErrorNote problem={departure.trouble} /> : null}
    </div>
  )
}

function Gone({ departure }: { departure: Departure }) {
  const { t, i18n } = useTranslation()
  const told = deletedOf(departure)
  if (!told || !departure.proof) return null
  const number = (n: number) => n.toLocaleString(i18n.language)
  const file = URL.createObjectURL(new Blob([JSON.stringify(departure.proof), '\n'], { type: 'application/json' }))
  return (
    <>
      <p>{t('leave.gone', { values: number(told.deleted.values), recordings: number(told.deleted.recordings), rows: number(told.deleted.rows) })}</p>
      <p>{t('leave.left', { n: told.left })}</p>
      {told.gateways_away.length ? <p>{t('leave.away', { names: told.gateways_away.join(', ') })}</p> : null}
      {Object.entries(told.older_copies).map(([name, us]) => (
        <p key={name}>
          {t(name === 'backup' ? 'leave.lastBackup' : 'leave.copy', { name })} <Age us={us} />
        </p>
      ))}
      <p className="muted small">{t('leave.proofText')}</p>
      <a className="ant-btn" href={file} download={`deletion-${departure.tenant}.json`}>
        {t('leave.proof')}
      </a>
    </>
  )
}
