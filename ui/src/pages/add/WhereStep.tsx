/** Where is it: address and credentials, tested with a plain verdict. */
import { Button, Input } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useAsk } from '../../components/useAsk'
import { devices } from '../../core/calls'
import { asProblem } from '../../core/http'
import { deviceIdFrom, validDevice } from '../../core/naming'
import { changed, missing, proposedTitle, type Values, visible } from '../../core/optionform'
import type { Manifest, TestVerdict } from '../../wire/api'
import type { Identity } from './AddDevicePage'
import { CertificateHelp } from './CertificateHelp'
import { OptionField } from './OptionField'
import { Verdict } from './Verdict'

export interface WhereStepProps {
  manifest: Manifest
  values: Values
  identity: Identity
  onValues: (values: Values) => void
  onIdentity: (identity: Identity) => void
  onBack: () => void
  onNext: () => void
}

const RETRY_MS = 4000

export function WhereStep({ manifest, values, identity, onValues, onIdentity, onBack, onNext }: WhereStepProps) {
  const { t } = useTranslation()
  const [verdict, setVerdict] = useState<TestVerdict | null>(null)
  const [busy, setBusy] = useState(false)
  const [waiting, setWaiting] = useState(false)
  const [own, setOwn] = useState(identity.device !== '')
  const stop = useRef<AbortController | null>(null)
  const list = useAsk('devices:ids', devices.list)
  const taken = new Set((list.data ?? []).map((row) => row.device))
  const options = manifest.options ?? []
  const lacks = missing(manifest, values)
  const clash = taken.has(identity.device)
  const named = validDevice(identity.device) && !clash

  // Until somebody types a name, it follows the address.
  useEffect(() => {
    if (own) return
    onIdentity({ ...identity, device: deviceIdFrom(identity.title || proposedTitle(manifest, values), taken) })
  }, [own, identity.title, values, manifest, list.data])

  const test = async () => {
    stop.current?.abort()
    const mine = new AbortController()
    stop.current = mine
    setBusy(true)
    try {
      setVerdict(await devices.test(manifest.id, changed(manifest, values), 10, mine.signal))
    } catch (error) {
      if (!mine.signal.aborted) setVerdict({ ok: false, detail: '', steps: [], error: asProblem(error) })
    } finally {
      if (stop.current === mine) setBusy(false)
    }
  }

  useEffect(() => () => stop.current?.abort(), [])

  // "Retry until trusted": somebody is moving our certificate on the other machine.
  useEffect(() => {
    if (!waiting || busy) return
    if (verdict?.ok) return setWaiting(false)
    const timer = setTimeout(() => void test(), RETRY_MS)
    return () => clearTimeout(timer)
  }, [waiting, busy, verdict])

  const set = (name: string, value: unknown) => {
    setVerdict(null)
    setWaiting(false)
    onValues({ ...values, [name]: value })
  }
  const distrust = verdict?.error?.code === 'driver.certificate'
  // The driver refuses a server it does not know and shows its certificate's SHA-256: a person compares, then pins it.
  const theirs = distrust && options.some((option) => option.name === 'server_fingerprint') ? (/\b[0-9a-f]{64}\b/.exec(verdict?.error?.title ?? '')?.[0] ?? null) : null
  const basic = options.filter((option) => !option.advanced && visible(option, values))
  const advanced = options.filter((option) => option.advanced && visible(option, values))
  const field = (option: (typeof options)[number]) => <OptionField key={option.name} option={option} value={values[option.name]} wrong={verdict?.error?.place === option.name} onChange={(value) => set(option.name, value)} />
  return (
    <form
      className="where"
      onSubmit={(event) => {
        event.preventDefault()
        void test()
      }}
    >
      <section className="card">
        {basic.map(field)}
        {advanced.length ? (
          <details>
            <summary>{t('add.advanced')}</summary>
            {advanced.map(field)}
          </details>
        ) : null}
        {options.length === 0 ? <p className="muted">{t('add.noOptions')}</p> : null}
      </section>
      <section className="card">
        <div className="form-row">
          <label htmlFor="device-title">{t('add.deviceTitle')}</label>
          <Input id="device-title" value={identity.title} placeholder={t('add.deviceTitleHint')} onChange={(e) => onIdentity({ ...identity, title: e.target.value })} />
        </div>
        <div className="form-row">
          <label htmlFor="device-id">{t('add.deviceId')}</label>
          <Input
            id="device-id"
            value={identity.device}
            spellCheck={false}
            status={identity.device && !named ? 'error' : ''}
            onChange={(e) => {
              setOwn(true)
              onIdentity({ ...identity, device: e.target.value })
            }}
          />
          <small className={identity.device && !named ? 'bad-text' : 'muted'}>{clash ? t('add.deviceTaken') : t('add.deviceRule')}</small>
        </div>
        <Button htmlType="submit" loading={busy} disabled={lacks.length > 0} block>
          {t('add.test')}
        </Button>
        <Verdict verdict={verdict} busy={busy} />
        {theirs ? (
          <div className="theirs">
            <p>{t('cert.theirs')}</p>
            <code>{theirs}</code>
            <Button size="small" onClick={() => set('server_fingerprint', theirs)}>
              {t('cert.trustTheirs')}
            </Button>
          </div>
        ) : null}
        {distrust || manifest.id === 'opcua' ? <CertificateHelp problem={distrust} waiting={waiting} onWait={setWaiting} /> : null}
      </section>
      <footer className="wizard-foot">
        <Button onClick={onBack}>{t('common.back')}</Button>
        <span className="grow" />
        {!verdict?.ok && named && lacks.length === 0 ? (
          <Button type="link" onClick={onNext}>
            {t('add.untested')}
          </Button>
        ) : null}
        <Button type="primary" disabled={!verdict?.ok || !named} onClick={onNext}>
          {t('common.next')}
        </Button>
      </footer>
    </form>
  )
}
