/** One write: what, by whom, how it stands, and what you may do about it. */
import { App, Button, Space } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { Link } from '../../components/navigation'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { useTrouble } from '../../components/useTrouble'
import { type Command, commands } from '../../core/commands'
import { unitText } from '../../core/format'
import { pointLink } from '../../core/route'

export function CommandRow({ command, onDone }: { command: Command; onDone: () => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { modal } = App.useApp()
  const trouble = useTrouble()
  const [busy, setBusy] = useState(false)
  const attempt = async (work: () => Promise<unknown>) => {
    setBusy(true)
    try {
      await work()
    } catch (error) {
      trouble(error)
    } finally {
      setBusy(false)
      onDone()
    }
  }
  const sure = (title: string, act: string, work: () => Promise<unknown>) =>
    modal.confirm({ title, okText: act, cancelText: t('common.cancel'), onOk: () => attempt(work) })
  const name = inLanguage(language, command.title, command.title_zh) || command.point
  const value = `${command.value} ${unitText(command.unit)}`.trim()
  const words = { name, value }
  return (
    <tr>
      <td className="main-cell">
        <Link href={pointLink(command.point)}>{name}</Link> {name === command.point ? null : <code className="small">{command.point}</code>}
      </td>
      <td data-label={t('command.value')}>
        <span className="num">
          {command.previous === null ? '' : `${command.previous} → `}
          <strong>{value}</strong>
        </span>
      </td>
      <td data-label={t('command.asked')}>
        {command.asked_by} <Age us={command.asked_us} />
        {command.reason ? <div className="muted small">{command.reason}</div> : null}
      </td>
      <td data-label={t('command.state')}>
        {t(`command.states.${command.state}`)}
        {command.decided_by ? <span className="muted small"> · {command.decided_by}</span> : null}
        {command.code ? (
          <div className="muted small">
            {t(`command.codes.${command.code.replaceAll('.', '_')}`, { defaultValue: command.code })}: {command.detail}
          </div>
        ) : null}
      </td>
      <td className="r">
        <Space wrap>
          {command.may_approve ? (
            <Button size="small" type="primary" loading={busy} onClick={() => sure(t('command.approveSure', words), t('command.approve'), () => commands.approve(command.id))}>
              {t('command.approve')}
            </Button>
          ) : null}
          {command.may_refuse ? (
            <Button size="small" danger disabled={busy} onClick={() => sure(t('command.refuseSure', words), t('command.refuse'), () => commands.refuse(command.id, ''))}>
              {t('command.refuse')}
            </Button>
          ) : null}
          {command.may_roll_back ? (
            <Button size="small" disabled={busy} onClick={() => sure(t('command.backSure', { name, value: command.previous }), t('command.back'), () => commands.rollBack(command.id, ''))}>
              {t('command.back')}
            </Button>
          ) : null}
        </Space>
      </td>
    </tr>
  )
}
