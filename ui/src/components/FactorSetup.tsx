/** Set up a phone as second factor: scan, type its code, keep the recovery codes. */
import { Button, Input } from 'antd'
import { type FormEvent, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { mine } from '../core/access'
import type { NewFactor } from '../wire/access'
import { asProblem } from '../core/http'
import type { Problem } from '../wire/api'
import { CopyButton } from './CopyButton'
import { ErrorNote, Waiting } from './notes'
import { RecoveryCodes } from './RecoveryCodes'

export function FactorSetup({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const [begun, setBegun] = useState<NewFactor | null>(null)
  const [code, setCode] = useState('')
  const [codes, setCodes] = useState<string[] | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  useEffect(() => {
    let here = true
    mine.begin().then(
      (made) => here && setBegun(made),
      (error) => here && setProblem(asProblem(error)),
    )
    return () => {
      here = false
    }
  }, [])
  const confirm = async (event: FormEvent) => {
    event.preventDefault()
    setProblem(null)
    try {
      setCodes((await mine.confirm(code)).codes)
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  if (codes) return <RecoveryCodes codes={codes} onKept={onDone} />
  return (
    <form className="factor" onSubmit={confirm}>
      <p>{t('factor.scan')}</p>
      {begun ? (
        <>
          <img className="factor-picture" src={`data:image/svg+xml;utf8,${encodeURIComponent(begun.picture)}`} alt={t('factor.picture')} />
          <p className="muted small">
            {t('factor.type')} <code>{begun.secret}</code> <CopyButton text={begun.secret} />
          </p>
        </>
      ) : problem ? null : (
        <Waiting rows={4} />
      )}
      <label className="form-row">
        <span>{t('factor.code')}</span>
        <Input name="code" inputMode="numeric" autoComplete="one-time-code" maxLength={32} value={code} onChange={(e) => setCode(e.target.value)} />
      </label>
      {problem ? <ErrorNote problem={problem} /> : null}
      <Button type="primary" htmlType="submit" disabled={!begun || code.trim().length < 6}>
        {t('factor.confirm')}
      </Button>
    </form>
  )
}
