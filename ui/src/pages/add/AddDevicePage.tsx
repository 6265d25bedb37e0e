/** Add a device: what → where → what does it hold → which asset → the chart is drawing. */
import { Steps } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearch } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { useAsk } from '../../components/useAsk'
import { devices, type Target } from '../../core/calls'
import { asProblem } from '../../core/http'
import { type Draft, draftsFor, unique } from '../../core/naming'
import { changed, defaults, type Values } from '../../core/optionform'
import type { DeviceSpec, Manifest, Problem } from '../../wire/api'
import { DoneStep } from './DoneStep'
import { type Choice, HoldsStep } from './HoldsStep'
import { NamesStep } from './NamesStep'
import { WhatStep } from './WhatStep'
import { WhereStep } from './WhereStep'

export interface Identity {
  device: string
  title: string
}

export default function AddDevicePage() {
  const { t } = useTranslation()
  const search = useSearch()
  const existing = new URLSearchParams(search).get('device')
  const drivers = useAsk('drivers', devices.drivers)
  const [step, setStep] = useState(0)
  const [manifest, setManifest] = useState<Manifest | null>(null)
  const [identity, setIdentity] = useState<Identity>({ device: '', title: '' })
  const [values, setValues] = useState<Values>({})
  const [held, setHeld] = useState<DeviceSpec | null>(null)
  const [choices, setChoices] = useState<ReadonlyMap<string, Choice>>(new Map())
  const [drafts, setDrafts] = useState<Draft[]>([])
  const [saved, setSaved] = useState<string[]>([])
  const [problem, setProblem] = useState<Problem | null>(null)

  useEffect(() => {
    if (!existing || !drivers.data) return
    devices.get(existing).then(
      ({ spec }) => {
        setHeld(spec)
        setManifest(drivers.data?.find((one) => one.id === spec.driver) ?? null)
        setIdentity({ device: spec.device, title: spec.title ?? '' })
        setStep(2)
      },
      (error: unknown) => setProblem(asProblem(error)),
    )
  }, [existing, drivers.data])

  // a link may fill the form in: ?driver=modbus&registration=DTU0001
  useEffect(() => {
    const { driver, ...given } = Object.fromEntries(new URLSearchParams(search))
    const chosen = existing ? undefined : drivers.data?.find((one) => one.id === driver)
    if (!chosen || manifest) return
    const texts = (chosen.options ?? []).filter((option) => ['string', 'choice'].includes(option.type) && option.name in given)
    setManifest(chosen)
    setValues({ ...defaults(chosen), ...Object.fromEntries(texts.map((option) => [option.name, given[option.name]])) })
    setStep(1)
  }, [search, existing, drivers.data, manifest])

  const target: Target | null = held ? { device: held.device } : manifest ? { driver: manifest.id, options: changed(manifest, values) } : null
  const taken = new Set((held?.points ?? []).map((point) => point.name))
  const takenAddresses = new Set((held?.points ?? []).map((point) => point.address))

  const toNames = () => {
    const known = new Map(drafts.map((draft) => [draft.key, draft]))
    const proposed = draftsFor([...choices].map(([address, choice]) => ({ address, ...choice })), identity.title || identity.device)
    setDrafts(unique(proposed.map((draft) => known.get(draft.key) ?? draft), taken))
    setStep(3)
  }

  const titles = [t('add.what'), t('add.where'), t('add.holds'), t('add.names'), t('add.done')]
  return (
    <Page title={held ? t('add.titleMore', { device: held.title || held.device }) : t('add.title')}>
      <Steps
        className="wizard-steps"
        size="small"
        current={step}
        responsive={false}
        onChange={(next) => {
          // Back only, and never behind a device that exists already.
          if (step < 4 && next < step && next >= (held ? 2 : 0)) setStep(next)
        }}
        items={titles.map((title) => ({ title }))}
      />
      {problem ? <ErrorNote problem={problem} /> : null}
      {drivers.error ? <ErrorNote problem={drivers.error} retry={drivers.reload} /> : null}
      {!drivers.data && !drivers.error ? <Waiting rows={6} /> : null}
      {drivers.data && step === 0 && !existing ? (
        <WhatStep
          drivers={drivers.data}
          onChoose={(chosen) => {
            if (chosen.id !== manifest?.id) {
              setValues(defaults(chosen))
              setChoices(new Map())
              setDrafts([])
            }
            setManifest(chosen)
            setStep(1)
          }}
        />
      ) : null}
      {manifest && step === 1 ? <WhereStep manifest={manifest} values={values} identity={identity} onValues={setValues} onIdentity={setIdentity} onBack={() => setStep(0)} onNext={() => setStep(2)} /> : null}
      {manifest && target && step === 2 ? <HoldsStep manifest={manifest} target={target} choices={choices} taken={takenAddresses} onChoices={setChoices} onBack={held ? null : () => setStep(1)} onNext={toNames} /> : null}
      {manifest && target && step === 3 ? (
        <NamesStep
          manifest={manifest}
          target={target}
          identity={identity}
          held={held}
          options={changed(manifest, values)}
          drafts={drafts}
          taken={taken}
          onDrafts={setDrafts}
          onBack={() => setStep(2)}
          onSaved={(names) => {
            setSaved(names)
            setStep(4)
          }}
        />
      ) : null}
      {step === 4 ? <DoneStep device={identity.device} names={saved} /> : null}
    </Page>
  )
}
