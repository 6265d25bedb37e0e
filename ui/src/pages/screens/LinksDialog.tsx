/** Links that show a screen to people without an account: made until a day, told once, ended at any time. */
import { App as AntApp, Button, Input, Modal, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyButton } from '../../components/CopyButton'
import { ErrorNote } from '../../components/notes'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import type { Chosen } from '../../core/screens'
import { type LinkLine, links } from '../../core/shown'
import { clock, nowUs } from '../../core/time'

const DAYS = [1, 7, 30, 90, 365] as const
const DAY_US = 86_400_000_000

export function LinksDialog({ screen, chosen, onClose }: { screen: string; chosen: Chosen; onClose: () => void }) {
  const { t } = useTranslation()
  const trouble = useTrouble()
  const { modal } = AntApp.useApp()
  const [title, setTitle] = useState('')
  const [days, setDays] = useState<number>(30)
  const [made, setMade] = useState('')
  const { data, error, reload } = useAsk(`links:${screen}`, (signal) => links.list(screen, signal))
  const make = () =>
    links.make(screen, title, nowUs() + days * DAY_US - 60_000_000, chosen).then((answer) => {
      setMade(location.origin + answer.path)
      setTitle('')
      reload()
    }, trouble)
  const end = (one: LinkLine) =>
    modal.confirm({
      title: t('screen.linkEndTitle', { name: one.title || one.link }),
      content: t('screen.linkEndText'),
      okText: t('screen.linkEnd'),
      okButtonProps: { danger: true },
      onOk: () => links.end(screen, one.link).then(reload, trouble),
    })
  return (
    <Modal open title={t('screen.links')} onCancel={onClose} footer={null}>
      <p className="muted">{t('screen.linksText')}</p>
      <div className="bar">
        <Input value={title} onChange={(e) => setTitle(e.target.value)} maxLength={200} placeholder={t('screen.linkFor')} aria-label={t('screen.linkFor')} />
        <Select value={days} onChange={setDays} aria-label={t('screen.linkDays')} options={DAYS.map((value) => ({ value, label: t('screen.days', { count: value }) }))} />
        <Button type="primary" onClick={() => void make()}>
          {t('screen.linkMake')}
        </Button>
      </div>
      {made ? (
        <p role="status">
          <code className="scr-link">{made}</code> <CopyButton text={made} />
          <br />
          <small className="muted">{t('screen.linkOnce')}</small>
        </p>
      ) : null}
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      <ul className="plain scr-links">
        {(data ?? []).map((one) => (
          <li key={one.link} className="bar">
            <span>
              {one.title || one.link} <small className="muted">{t('screen.linkBy', { by: one.made_by, until: clock(one.ends_us, Date.now(), { date: true }) })}</small>
            </span>
            <Button size="small" danger onClick={() => end(one)}>
              {t('screen.linkEnd')}
            </Button>
          </li>
        ))}
      </ul>
    </Modal>
  )
}
