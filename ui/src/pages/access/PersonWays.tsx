/** How a person comes in, for administrators: passkeys, phone, company accounts. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { Icon } from '../../components/Icon'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import { waysIn } from '../../core/signin'

export function PersonWays({ person, onChanged }: { person: string; onChanged: () => void }) {
  const { t } = useTranslation()
  const trouble = useTrouble()
  const { data, reload } = useAsk(`ways-in:${person}`, () => waysIn.of(person))
  if (!data || (!data.phone && !data.passkeys.length && !data.accounts.length)) return null
  const run = (work: Promise<void>) =>
    void work.then(() => {
      reload()
      onChanged()
    }, trouble)
  const used = (us: number | null) => (us ? <>{t('passkey.used')} <Age us={us} /></> : t('passkey.unused'))
  return (
    <>
      <h3>{t('access.ways')}</h3>
      <ul className="ways">
        {data.phone ? (
          <li>
            <Icon name="check" />
            <div className="ways-main">
              <strong>{t('factor.phone')}</strong>
              <small className="muted">{t('factor.codesOnly', { n: data.codes_left })}</small>
            </div>
          </li>
        ) : null}
        {data.passkeys.map((key) => (
          <li key={key.id}>
            <Icon name="key" />
            <div className="ways-main">
              <strong>{key.title}</strong>
              <small className="muted">
                {key.site} · {used(key.used_us)}
              </small>
              {key.copied ? <small className="bad-text">{t('passkey.copied')}</small> : null}
            </div>
            <Button size="small" type="text" danger onClick={() => run(waysIn.dropPasskey(person, key.id))}>
              {t('common.remove')}
            </Button>
          </li>
        ))}
        {data.accounts.map((row) => (
          <li key={row.id}>
            <Icon name="company" />
            <div className="ways-main">
              <strong>{row.account}</strong>
              <small className="muted">
                {row.provider} · {used(row.used_us)}
              </small>
            </div>
            <Button size="small" type="text" danger onClick={() => run(waysIn.unlink(person, row.id))}>
              {t('account.unlink')}
            </Button>
          </li>
        ))}
      </ul>
    </>
  )
}
