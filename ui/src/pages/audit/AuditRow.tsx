/** One line of the log; opened, everything it says. */
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { useActionWord } from '../../components/useActionWord'
import { type AuditLine, shortObject } from '../../core/audit'

export function AuditRow({ line }: { line: AuditLine }) {
  const { t } = useTranslation()
  const action = useActionWord()
  const [open, setOpen] = useState(false)
  const { entry } = line
  return (
    <>
      <tr>
        <td className="r num">
          <button type="button" className="link" aria-expanded={open} onClick={() => setOpen(!open)}>
            {line.seq}
          </button>
        </td>
        <td>
          <Age us={entry.time_us} />
        </td>
        <td>{entry.who}</td>
        <td>{action(entry.action)}</td>
        <td>
          <code>{shortObject(entry.object)}</code>
        </td>
        <td>{entry.allowed === false ? <span className="tag is-bad">{t('audit.wasRefused', { reason: entry.reason ?? '' })}</span> : t('audit.wasDone')}</td>
      </tr>
      {open ? (
        <tr>
          <td colSpan={6}>
            <pre>{JSON.stringify(entry, null, 2)}</pre>
          </td>
        </tr>
      ) : null}
    </>
  )
}
