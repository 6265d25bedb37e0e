/** The queue: what waits for a reviewer first, the oldest first. */
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { ErrorNote, Waiting } from '../../components/notes'
import { OneTime } from '../../components/OneTime'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { StateMark, type Mark } from '../../components/StateMark'
import { useAsk } from '../../components/useAsk'
import { queue } from '../../core/desk'
import type { Application } from '../../wire/desk'
import { ApplicationDrawer } from './ApplicationDrawer'
import { EnterCompany } from './EnterCompany'

const MARK: Record<string, Mark> = { new: 'uncertain', taken: 'connecting', asked: 'unknown', refused: 'disabled', approved: 'good' }
const SHOWN = 200

export function QueueCard() {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { data, error, reload } = useAsk('applications', queue.list, 20_000)
  const [open, setOpen] = useState('')
  const [entering, setEntering] = useState(false)
  const [made, setMade] = useState<{ name: string; password: string } | null>(null)
  const chosen = data?.find((one) => one.id === open)
  const waiting = (data ?? []).filter((one) => one.state === 'new').length
  return (
    <section className="card" id="queue">
      <h2>
        {t('desk.queue')} {waiting ? <span className="count num">{waiting}</span> : null}
      </h2>
      <Button onClick={() => setEntering(true)}>{t('desk.enter')}</Button>
      {made ? <OneTime {...made} /> : null}
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting rows={4} /> : null}
      {data && !data.length ? <p className="muted">{t('desk.empty')}</p> : null}
      {data?.length ? (
        <div className="scroll-x">
          <table className="table tight">
            <thead>
              <tr>
                <th>{t('word.tenant')}</th>
                <th>{t('access.state')}</th>
                <th>{t('company.region')}</th>
                <th>{t('company.code')}</th>
                <th>{t('desk.reviewer')}</th>
                <th>{t('desk.since')}</th>
              </tr>
            </thead>
            <tbody>
              {data.slice(0, SHOWN).map((one) => (
                <tr key={one.id}>
                  <td className="main-cell">
                    <button type="button" className="link" onClick={() => setOpen(one.id)}>
                      {inLanguage(language, one.title, one.title_zh) || one.id}
                    </button>{' '}
                    {one.simulated ? <span className="tag">{t('state.simulated')}</span> : null} {one.doubles.length ? <span className="tag is-bad">{t('desk.double')}</span> : null}
                  </td>
                  <td>
                    <ApplicationState one={one} />
                  </td>
                  <td>{one.region || '–'}</td>
                  <td>{one.credit_code}</td>
                  <td>{one.reviewer || '–'}</td>
                  <td>
                    <Age us={one.made_us} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      {entering ? (
        <EnterCompany
          onClose={() => setEntering(false)}
          onEntered={() => {
            setEntering(false)
            reload()
          }}
        />
      ) : null}
      {chosen ? (
        <ApplicationDrawer
          one={chosen}
          onClose={() => setOpen('')}
          onChanged={reload}
          onSecret={(secret) => {
            setMade(secret)
            setOpen('')
            reload()
          }}
        />
      ) : null}
    </section>
  )
}

export function ApplicationState({ one }: { one: Application }) {
  const { t } = useTranslation()
  const unfinished = one.state === 'approved' && !one.finished
  return <StateMark state={unfinished ? 'bad' : (MARK[one.state] ?? 'unknown')} label={t(unfinished ? 'desk.unfinished' : (`desk.state.${one.state}` as 'desk.state.new'))} />
}
