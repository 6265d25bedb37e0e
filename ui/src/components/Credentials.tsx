/** What machines sign in with at the MQTT front door: made, shown once, renewed, revoked. For one device, or for all. */
import { App, Button, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { credentials, devices } from '../core/calls'
import { asProblem } from '../core/http'
import { deviceLink } from '../core/route'
import type { Credential, MadeCredential, Problem } from '../wire/api'
import { Age } from './Age'
import { CopyButton } from './CopyButton'
import { Link } from './navigation'
import { Empty, ErrorNote, Waiting } from './notes'
import { TopicsOf } from './TopicsOf'
import { useAsk } from './useAsk'

const FRONT_DOOR = 'frontdoor'

export function Credentials({ device }: { device?: string }) {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const { data, error, reload } = useAsk(`credentials:${device ?? ''}`, () => credentials.list(device), 10_000)
  const listed = useAsk(device === undefined ? 'devices' : null, devices.list)
  const guests = (listed.data ?? []).filter((row) => row.driver === FRONT_DOOR)
  const [username, setUsername] = useState('')
  const [chosen, setChosen] = useState<string | undefined>(undefined)
  const [made, setMade] = useState<MadeCredential | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const owner = device ?? chosen
  const attempt = async (work: () => Promise<MadeCredential | void>) => {
    setProblem(null)
    try {
      setMade((await work()) ?? null)
      setUsername('')
      reload()
    } catch (failed) {
      setProblem(asProblem(failed))
    }
  }
  const renew = (row: Credential) =>
    modal.confirm({
      title: t('credential.renewTitle', { name: row.username }),
      content: t('credential.renewText'),
      okText: t('credential.renew'),
      cancelText: t('common.cancel'),
      onOk: () => attempt(() => credentials.renew(row.username)),
    })
  const revoke = (row: Credential) =>
    modal.confirm({
      title: t('credential.revokeTitle', { name: row.username }),
      content: t('credential.revokeText'),
      okText: t('token.revoke'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => attempt(() => credentials.revoke(row.username)),
    })
  return (
    <section className="card credentials" id="credentials">
      <h2>{t('credential.title')}</h2>
      <p className="muted small">{t('credential.text')}</p>
      <div className="bar token-make">
        {device === undefined ? (
          <Select
            className="credential-device"
            showSearch
            value={chosen ?? null}
            placeholder={t('credential.device')}
            aria-label={t('credential.device')}
            notFoundContent={t('credential.noDevice')}
            onChange={(next: string) => setChosen(next)}
            options={guests.map((row) => ({ value: row.device, label: row.device }))}
          />
        ) : null}
        <Input value={username} placeholder={owner ? t('credential.userDefault', { name: owner }) : t('credential.user')} aria-label={t('credential.user')} onChange={(e) => setUsername(e.target.value)} />
        <Button disabled={!owner} onClick={() => owner && attempt(() => credentials.make(owner, username.trim()))}>
          {t('credential.make')}
        </Button>
      </div>
      {made ? (
        <div className="token-made" role="status">
          <p>{t('credential.once')}</p>
          <p>
            {t('credential.user')} <code>{made.username}</code> <CopyButton text={made.username} />
          </p>
          <p>
            {t('credential.password')} <code>{made.password}</code> <CopyButton text={made.password} />
          </p>
        </div>
      ) : null}
      {problem ? <ErrorNote problem={problem} /> : null}
      {error && !data ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting rows={2} /> : null}
      {data && data.length === 0 ? <Empty icon="connect" title={t('credential.none')} advice={t('credential.noneAdvice')} /> : null}
      {data?.length ? (
        <table className="table tight">
          <thead>
            <tr>
              <th>{t('credential.user')}</th>
              {device === undefined ? <th>{t('word.device')}</th> : null}
              <th>{t('topics.title')}</th>
              <th>{t('credential.made')}</th>
              <th>{t('credential.used')}</th>
              <th aria-label={t('common.more')} />
            </tr>
          </thead>
          <tbody>
            {data.map((row) => (
              <tr key={row.username}>
                <td className="main-cell">
                  <code>{row.username}</code>
                </td>
                {device === undefined ? (
                  <td data-label={t('word.device')}>
                    <Link href={deviceLink(row.device)}>{row.device}</Link>
                  </td>
                ) : null}
                <td data-label={t('topics.title')}>
                  <TopicsOf name={row.username} device={row.device} has={row} give={(wanted) => credentials.topics(row.username, wanted).then(reload)} />
                </td>
                <td data-label={t('credential.made')}>
                  <Age us={row.created_us} />
                </td>
                <td data-label={t('credential.used')}>{row.used_us ? <Age us={row.used_us} /> : t('time.never')}</td>
                <td className="r">
                  <Button size="small" type="text" onClick={() => renew(row)}>
                    {t('credential.renew')}
                  </Button>
                  <Button size="small" type="text" danger onClick={() => revoke(row)}>
                    {t('token.revoke')}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </section>
  )
}
