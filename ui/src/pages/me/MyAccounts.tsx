/** Accounts of my company that open here. */
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { Icon } from '../../components/Icon'
import { ErrorNote } from '../../components/notes'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { useProof } from '../../components/Prove'
import { useAsk } from '../../components/useAsk'
import { asProblem } from '../../core/http'
import { accounts } from '../../core/signin'
import type { Problem } from '../../wire/api'

export function MyAccounts() {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { data, reload } = useAsk('my-accounts', accounts.list)
  const { attempt, dialog } = useProof()
  const [problem, setProblem] = useState<Problem | null>(null)
  if (!data || (!data.accounts.length && !data.offered.length)) return null
  const run = (work: () => Promise<void>) => {
    setProblem(null)
    void attempt(work, (error) => setProblem(asProblem(error)))
  }
  const titled = (provider: string) => {
    const one = data.offered.find((offer) => offer.provider === provider)
    return one ? inLanguage(language, one.title, one.title_zh) : provider
  }
  return (
    <section className="card">
      <h2>{t('account.title')}</h2>
      <p className="muted small">{t('account.text')}</p>
      <ul className="ways">
        {data.accounts.map((row) => (
          <li key={row.id}>
            <Icon name="company" />
            <div className="ways-main">
              <strong>{row.account}</strong>
              <small className="muted">
                {titled(row.provider)}
                {row.used_us ? (
                  <>
                    {' '}
                    · {t('passkey.used')} <Age us={row.used_us} />
                  </>
                ) : null}
              </small>
            </div>
            {row.made_here ? null : (
              <Button size="small" type="text" danger onClick={() => run(() => accounts.remove(row.id).then(reload))}>
                {t('account.unlink')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <div className="bar">
        {data.offered.map((one) => (
          <Button key={one.provider} icon={<Icon name="link" />} onClick={() => run(async () => location.assign((await accounts.link(one.provider)).url))}>
            {t('account.link', { name: inLanguage(language, one.title, one.title_zh) })}
          </Button>
        ))}
      </div>
      {problem ? <ErrorNote problem={problem} /> : null}
      {dialog}
    </section>
  )
}
