/** What waits for a network, and what the server did not take: said until it is gone. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { StateMark } from '../../../components/StateMark'
import { useOutbox } from '../../../components/useOutbox'
import { useSaid } from '../../../components/useSaid'
import { outbox } from '../../../core/outbox'

export function Outgoing({ about }: { about?: string }) {
  const { t } = useTranslation()
  const said = useSaid()
  const held = useOutbox(about)
  const waiting = held.filter((one) => !one.problem)
  const refused = held.filter((one) => one.problem)
  if (!held.length) return null
  return (
    <div className="outgoing" role="status">
      {waiting.length ? (
        <p>
          <StateMark state="stale" word={false} /> {t('task.waiting', { n: waiting.length })} <span className="muted">{waiting.map((one) => one.what).join(' · ')}</span>
        </p>
      ) : null}
      {refused.map((one) => (
        <p key={one.key}>
          <StateMark state="bad" word={false} /> <b>{one.what}</b>: {one.problem ? said(one.problem).title : ''} <span className="muted">{one.problem ? said(one.problem).particulars : ''}</span>{' '}
          <Button size="small" onClick={() => void outbox().drop(one.key ?? 0)}>
            {t('task.letGo')}
          </Button>
        </p>
      ))}
    </div>
  )
}
