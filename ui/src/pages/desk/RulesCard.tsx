/** Who may apply, who may approve; and the starter packages, as text. */
import { Button, Input, Switch } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyButton } from '../../components/CopyButton'
import { ErrorNote } from '../../components/notes'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import { packages, queue } from '../../core/desk'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'
import type { PackageLine } from '../../wire/desk'

export function RulesCard() {
  const { t } = useTranslation()
  const trouble = useTrouble()
  const { data, reload } = useAsk('desk-rules', queue.rules)
  const address = `${location.origin}/apply`
  if (!data) return null
  const change = (rules: { open: boolean; two_persons: boolean }) => void queue.putRules(rules).then(reload, trouble)
  return (
    <section className="card" id="rules">
      <h2>{t('desk.rules')}</h2>
      <label className="desk-switch">
        <Switch checked={data.open} onChange={(open) => change({ open, two_persons: data.two_persons })} /> {t('desk.open')}
      </label>
      {data.open ? (
        <p className="small">
          <code>{address}</code> <CopyButton text={address} />
        </p>
      ) : null}
      <label className="desk-switch">
        <Switch checked={data.two_persons} onChange={(two_persons) => change({ open: data.open, two_persons })} /> {t('desk.twoPersons')}
      </label>
    </section>
  )
}

export function PackagesCard() {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { data, error, reload } = useAsk('packages', packages.list)
  const [name, setName] = useState('')
  const taken = data?.some((one) => one.name === name.trim())
  return (
    <section className="card" id="packages">
      <h2>{t('desk.packages')}</h2>
      <p className="muted small">{t('desk.packagesText')}</p>
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      {(data ?? []).map((one) => (
        <details key={one.name} className="grant">
          <summary>
            <b>{inLanguage(language, one.title, one.title_zh) || one.name}</b> <code>{one.name}</code> {one.shipped ? <span className="tag">{t('desk.shipped')}</span> : null} {one.error ? <span className="tag is-bad">{one.error}</span> : null}
          </summary>
          <PackageText name={one.name} line={one} onSaved={reload} />
        </details>
      ))}
      <div className="bar">
        <Input className="passkey-title" value={name} placeholder={t('desk.packageName')} aria-label={t('desk.packageName')} onChange={(e) => setName(e.target.value)} />
      </div>
      {name.trim() && !taken ? <PackageText name={name.trim()} line={null} onSaved={() => { setName(''); reload() }} /> : null}
    </section>
  )
}

function PackageText({ name, line, onSaved }: { name: string; line: PackageLine | null; onSaved: () => void }) {
  const { t } = useTranslation()
  const [text, setText] = useState(line?.text ?? 'title: \ntitle_zh: \nquotas: {points: 1000, devices: 10}\nretention: {raw_days: 365}\ndevices: []\n')
  const [problem, setProblem] = useState<Problem | null>(null)
  useEffect(() => setText((old) => line?.text ?? old), [line?.text])
  const attempt = async (work: () => Promise<unknown>) => {
    setProblem(null)
    try {
      await work()
      onSaved()
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  return (
    <>
      <Input.TextArea className="desk-text" autoSize={{ minRows: 6, maxRows: 24 }} spellCheck={false} value={text} aria-label={name} onChange={(e) => setText(e.target.value)} />
      {problem ? <ErrorNote problem={problem} /> : null}
      <div className="bar">
        <Button disabled={text === line?.text} onClick={() => void attempt(() => packages.put(name, text))}>
          {t('desk.save')}
        </Button>
        {line && !line.shipped ? (
          <Button danger onClick={() => void attempt(() => packages.remove(name))}>
            {t('desk.remove')}
          </Button>
        ) : null}
      </div>
    </>
  )
}
