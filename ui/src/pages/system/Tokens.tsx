/** API tokens: made here, shown once, for programs and notebooks. */
import { App, Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { CopyButton } from '../../components/CopyButton'
import { ErrorNote } from '../../components/notes'
import { useAsk } from '../../components/useAsk'
import { tokens } from '../../core/calls'
import { asProblem } from '../../core/http'
import type { Problem, Token } from '../../wire/api'

const KEY_FILE = 'key file of the data folder' // made by the platform itself; every other title is somebody's own

export function Tokens() {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const { data, reload } = useAsk('tokens', tokens.list)
  const [title, setTitle] = useState('')
  const [made, setMade] = useState<string | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const attempt = async (work: () => Promise<void>) => {
    setProblem(null)
    try {
      await work()
      reload()
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  const make = () =>
    attempt(async () => {
      setMade((await tokens.make(title.trim())).token)
      setTitle('')
    })
  const revoke = (token: Token) =>
    modal.confirm({
      title: t('token.revokeTitle', { title: token.title }),
      content: t('token.revokeText'),
      okText: t('token.revoke'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => attempt(() => tokens.revoke(token.id)),
    })
  return (
    <section className="card" id="tokens">
      <h2>{t('token.title')}</h2>
      <p className="muted small">{t('token.text')}</p>
      <div className="bar token-make">
        <Input value={title} placeholder={t('token.for')} aria-label={t('token.for')} onChange={(e) => setTitle(e.target.value)} onPressEnter={() => title.trim() && void make()} />
        <Button disabled={!title.trim()} onClick={make}>
          {t('token.make')}
        </Button>
      </div>
      {made ? (
        <p className="token-made" role="status">
          {t('token.once')} <code>{made}</code> <CopyButton text={made} />
        </p>
      ) : null}
      {problem ? <ErrorNote problem={problem} /> : null}
      {data?.length ? (
        <table className="table tight">
          <tbody>
            {data.map((token) => (
              <tr key={token.id}>
                <td className="main-cell">{token.title === KEY_FILE ? t('token.keyFile') : token.title}</td>
                <td>{token.person ?? '–'}</td>
                <td>
                  <Age us={token.created_us} />
                </td>
                <td className="r">
                  <Button size="small" type="text" danger onClick={() => revoke(token)}>
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
