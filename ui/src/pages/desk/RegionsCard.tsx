/** Name, logo and colour of each region: what the people of its companies see. */
import { Button, Input, Select } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { companies } from '../../core/access'
import { looksOf } from '../../core/desk'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'
import type { LookOf } from '../../wire/desk'

export function RegionsCard() {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { data } = useAsk('regions', companies.regions)
  const [region, setRegion] = useState('')
  if (!data?.length) return null
  return (
    <section className="card" id="regions">
      <h2>{t('desk.looks')}</h2>
      <p className="muted small">{t('desk.looksText')}</p>
      <Select className="role-choice" aria-label={t('company.region')} placeholder={t('company.region')} value={region || null} onChange={setRegion} options={data.map((one) => ({ value: one.region, label: inLanguage(language, one.title ?? '', one.title_zh) || one.region }))} />
      {region ? <LookForm key={region} region={region} /> : null}
    </section>
  )
}

const COLOURS = ['accent', 'accent_dark'] as const

function LookForm({ region }: { region: string }) {
  const { t } = useTranslation()
  const { data, reload } = useAsk(`look:${region}`, () => looksOf.get(region))
  const [look, setLook] = useState<LookOf['look']>({})
  const [problem, setProblem] = useState<Problem | null>(null)
  const file = useRef<HTMLInputElement>(null)
  useEffect(() => setLook(data?.look ?? {}), [data])
  const attempt = async (work: () => Promise<unknown>) => {
    setProblem(null)
    try {
      await work()
      reload()
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  if (!data) return null
  return (
    <>
      {data.wrong ? <p className="tag is-bad">{data.wrong}</p> : null}
      <label className="form-row">
        <span>{t('desk.lookTitleZh')}</span>
        <Input value={look.title_zh ?? ''} maxLength={40} onChange={(e) => setLook({ ...look, title_zh: e.target.value })} />
      </label>
      <label className="form-row">
        <span>{t('desk.lookTitle')}</span>
        <Input value={look.title ?? ''} maxLength={80} onChange={(e) => setLook({ ...look, title: e.target.value })} />
      </label>
      {COLOURS.map((name) => (
        <label key={name} className="form-row">
          <span>{t(`desk.${name}`)}</span>
          <Input value={look[name] ?? ''} placeholder="#17688a" maxLength={7} onChange={(e) => setLook({ ...look, [name]: e.target.value.trim() })} />
        </label>
      ))}
      <label className="form-row">
        <span>{t('desk.hosts')}</span>
        <Input value={(look.hosts ?? []).join(' ')} placeholder="park.example.cn" onChange={(e) => setLook({ ...look, hosts: e.target.value.split(' ') })} />
      </label>
      {problem ? <ErrorNote problem={problem} /> : null}
      <div className="bar">
        <Button type="primary" onClick={() => void attempt(() => looksOf.put(region, { ...look, hosts: (look.hosts ?? []).filter(Boolean) }))}>
          {t('desk.save')}
        </Button>
        {data.logo ? <img className="look-logo" src={data.logo} alt={t('desk.logo')} /> : null}
        <input
          ref={file}
          type="file"
          hidden
          accept="image/png,image/svg+xml"
          aria-label={t('desk.logo')}
          onChange={(e) => {
            const chosen = e.target.files?.[0]
            if (chosen) void attempt(() => looksOf.putLogo(region, chosen))
            e.target.value = ''
          }}
        />
        <Button onClick={() => file.current?.click()}>{t('desk.logoChoose')}</Button>
        {data.logo ? <Button onClick={() => void attempt(() => looksOf.dropLogo(region))}>{t('desk.logoDrop')}</Button> : null}
      </div>
    </>
  )
}
