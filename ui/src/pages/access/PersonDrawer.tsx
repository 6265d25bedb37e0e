/** One person: roles, sessions, a new password, locked or gone. */
import { App, Button, Checkbox, Drawer, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { SessionTable } from '../../components/SessionTable'
import { useAsk } from '../../components/useAsk'
import { people } from '../../core/access'
import type { Member, RoleLine } from '../../wire/access'
import { asProblem } from '../../core/http'
import { PersonWays } from './PersonWays'
import type { Problem } from '../../wire/api'

interface Props {
  person: Member
  roles: RoleLine[]
  onClose: () => void
  onChanged: () => void
  onSecret: (made: { name: string; password: string }) => void
}

export function PersonDrawer({ person, roles, onClose, onChanged, onSecret }: Props) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { modal } = App.useApp()
  const sessions = useAsk(`sessions:${person.name}`, () => people.sessions(person.name))
  const [chosen, setChosen] = useState(person.roles)
  const [phone, setPhone] = useState(false)
  const [tokens, setTokens] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const attempt = async (work: () => Promise<unknown>) => {
    setProblem(null)
    try {
      await work()
      onChanged()
      sessions.reload()
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  const remove = () =>
    modal.confirm({
      title: t('access.removeTitle', { name: person.name }),
      content: t('access.removeText'),
      okText: t('common.remove'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => attempt(() => people.remove(person.name)),
    })
  const same = [...chosen].sort().join() === [...person.roles].sort().join()
  return (
    <Drawer open title={person.name} onClose={onClose} size={Math.min(560, window.innerWidth)}>
      {problem ? <ErrorNote problem={problem} /> : null}
      <h3>{t('access.roles')}</h3>
      <div className="bar">
        <Select
          className="role-choice"
          mode="multiple"
          value={chosen}
          onChange={setChosen}
          aria-label={t('access.roles')}
          options={roles.map((one) => ({ value: one.role, label: inLanguage(language, one.title, one.title_zh), disabled: !one.mine }))}
        />
        <Button type="primary" disabled={same || !chosen.length} onClick={() => attempt(() => people.roles(person.name, chosen))}>
          {t('common.save')}
        </Button>
      </div>
      <h3>{t('access.sessions')}</h3>
      <SessionTable rows={sessions.data ?? []} onEnd={(session) => void attempt(() => people.endSession(person.name, session))} />
      {sessions.data && sessions.data.length > 1 ? <Button onClick={() => attempt(() => people.endSessions(person.name))}>{t('access.endAll')}</Button> : null}
      <PersonWays person={person.name} onChanged={onChanged} />
      <h3>{t('access.password')}</h3>
      <p className="muted small">{t('access.resetText')}</p>
      <div className="bar">
        <Button
          onClick={() =>
            attempt(async () => {
              onSecret(await people.reset(person.name, phone, tokens))
            })
          }
        >
          {t('access.reset')}
        </Button>
        {person.second_factor ? (
          <Checkbox checked={phone} onChange={(e) => setPhone(e.target.checked)}>
            {t('access.resetPhone')}
          </Checkbox>
        ) : null}
        <Checkbox checked={tokens} onChange={(e) => setTokens(e.target.checked)}>
          {t('access.resetTokens')}
        </Checkbox>
      </div>
      <h3>{t('access.access')}</h3>
      <div className="bar">
        <Button danger={!person.locked} onClick={() => attempt(() => people.lock(person.name, !person.locked))}>
          {person.locked ? t('access.unlock') : t('access.lock')}
        </Button>
        <Button danger onClick={remove}>
          {t('common.remove')}
        </Button>
      </div>
    </Drawer>
  )
}
