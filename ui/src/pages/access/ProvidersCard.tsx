/** Company accounts that open here: each provider's file, what failed last, and a try on the provider itself. */
import { Button, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { CopyButton } from '../../components/CopyButton'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import { providers, type ProviderFinding, type ProviderLine } from '../../core/providers'

export function ProvidersCard() {
  const { t } = useTranslation()
  const { data } = useAsk('providers', providers.list)
  return (
    <section className="card">
      <h2>{t('providers.title')}</h2>
      <p className="muted small">{t('providers.text')}</p>
      {data?.length ? data.map((one) => <Provider key={one.provider} one={one} />) : <p className="muted">{t('providers.none')}</p>}
    </section>
  )
}

function Provider({ one }: { one: ProviderLine }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const trouble = useTrouble()
  const [busy, setBusy] = useState(false)
  const [found, setFound] = useState<ProviderFinding[] | null>(null)
  const check = () => {
    setBusy(true)
    void providers
      .check(one.provider)
      .then(setFound, trouble)
      .finally(() => setBusy(false))
  }
  return (
    <div className="provider">
      <div className="bar">
        <strong>{one.title || one.provider}</strong>
        <span className="muted small">{one.issuer}</span>
        <Button size="small" loading={busy} disabled={Boolean(one.error)} onClick={check}>
          {t('providers.check')}
        </Button>
      </div>
      {one.redirect_uri ? (
        <p className="small">
          {t('providers.redirect')} <code>{one.redirect_uri}</code> <CopyButton text={one.redirect_uri} />
        </p>
      ) : null}
      {one.error ? <p className="bad small">{one.error}</p> : null}
      {one.failed ? (
        <p className="small">
          {t('providers.failed')} {one.failed_us ? <Age us={one.failed_us} /> : null}: {one.failed}
        </p>
      ) : null}
      {found ? (
        <ul className="findings" aria-live="polite">
          {found.map((line) => (
            <li className="finding" key={line.what}>
              <Tag color={line.ok ? 'default' : 'error'}>{line.ok ? t('providers.ok') : t('providers.wrong')}</Tag>
              <div>
                <strong>{inLanguage(language, line.what, line.what_zh)}</strong> {inLanguage(language, line.said, line.said_zh)}
                {line.advice ? <p className="muted small">{inLanguage(language, line.advice, line.advice_zh)}</p> : null}
              </div>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}
