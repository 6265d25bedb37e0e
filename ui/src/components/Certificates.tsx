/** Certificates a machine signs in with: state, until when, last used; enrolled from its own key, rotated, revoked. */
import { App, Button, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { certificates, markOf, REASONS, type Reason } from '../core/certificates'
import { asProblem } from '../core/http'
import { clock } from '../core/time'
import type { Problem } from '../wire/api'
import type { IssuedCertificate, MachineCertificate } from '../wire/machines'
import { Age } from './Age'
import { Enrolling } from './Enrolling'
import { IssuedFiles } from './IssuedFiles'
import { Empty, ErrorNote, Waiting } from './notes'
import { StateMark } from './StateMark'
import { TopicsOf } from './TopicsOf'
import { useAsk } from './useAsk'

export function Certificates({ device }: { device: string }) {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const { data, error, reload } = useAsk(`certificates:${device}`, () => certificates.list(device), 10_000)
  const [enrolling, setEnrolling] = useState<{ rotates?: string } | null>(null)
  const [made, setMade] = useState<IssuedCertificate | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const attempt = async (work: () => Promise<IssuedCertificate | MachineCertificate>) => {
    setProblem(null)
    try {
      const done = await work()
      setMade('certificate' in done ? done : null)
      setEnrolling(null)
      reload()
    } catch (failed) {
      setProblem(asProblem(failed))
    }
  }
  const give = (csr: string | null) => attempt(() => (enrolling?.rotates ? certificates.rotate(enrolling.rotates, csr) : certificates.enrol(device, csr)))
  const revoke = (row: MachineCertificate) => {
    let reason: Reason = 'key_compromise'
    modal.confirm({
      title: t('certificate.revokeTitle', { serial: row.serial.slice(0, 16) }),
      content: (
        <>
          <p>{t('certificate.revokeText')}</p>
          <Select className="certificate-reason" aria-label={t('certificate.reason')} defaultValue={reason} onChange={(next: Reason) => (reason = next)} options={REASONS.map((one) => ({ value: one, label: t(`certificate.reasons.${one}`) }))} />
        </>
      ),
      okText: t('token.revoke'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => attempt(() => certificates.revoke(row.serial, reason)),
    })
  }
  const nowMs = Date.now()
  return (
    <section className="card certificates" id="certificates">
      <h2>{t('certificate.title')}</h2>
      <p className="muted small">{t('certificate.text')}</p>
      {enrolling ? null : (
        <div className="bar">
          <Button onClick={() => setEnrolling({})}>{t('certificate.enrol')}</Button>
        </div>
      )}
      {enrolling ? <Enrolling device={device} rotates={enrolling.rotates !== undefined} onGive={give} onClose={() => setEnrolling(null)} /> : null}
      {made ? <IssuedFiles made={made} /> : null}
      {problem ? <ErrorNote problem={problem} /> : null}
      {error && !data ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting rows={2} /> : null}
      {data && data.length === 0 && !enrolling ? <Empty icon="connect" title={t('certificate.none')} advice={t('certificate.noneAdvice')} /> : null}
      {data?.length ? (
        <table className="table tight">
          <thead>
            <tr>
              <th>{t('certificate.serial')}</th>
              <th>{t('connect.state')}</th>
              <th>{t('topics.title')}</th>
              <th>{t('certificate.until')}</th>
              <th>{t('credential.used')}</th>
              <th aria-label={t('common.more')} />
            </tr>
          </thead>
          <tbody>
            {data.map((row) => (
              <tr key={row.serial}>
                <td className="main-cell">
                  <code title={row.sha256}>{row.serial.slice(0, 16)}</code>
                </td>
                <td data-label={t('connect.state')}>
                  <StateMark state={markOf(row, nowMs * 1000)} label={t(`certificate.state.${row.state}`)} />
                  {row.reason ? <span className="muted small"> {t(`certificate.reasons.${row.reason as Reason}`)}</span> : null}
                </td>
                <td data-label={t('topics.title')}>
                  {row.state === 'good' || row.state === 'replaced' ? <TopicsOf name={row.serial.slice(0, 16)} device={row.device} has={row} give={(wanted) => certificates.topics(row.serial, wanted).then(reload)} /> : '–'}
                </td>
                <td data-label={t('certificate.until')} className="num">
                  {clock(row.until_us, nowMs, { date: true })}
                </td>
                <td data-label={t('credential.used')}>{row.used_us ? <Age us={row.used_us} /> : t('time.never')}</td>
                <td className="r">
                  {row.state === 'good' ? (
                    <Button size="small" type="text" onClick={() => setEnrolling({ rotates: row.serial })}>
                      {t('certificate.rotate')}
                    </Button>
                  ) : null}
                  {row.state !== 'revoked' ? (
                    <Button size="small" type="text" danger onClick={() => revoke(row)}>
                      {t('token.revoke')}
                    </Button>
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </section>
  )
}
