/** Who may come in, what they may do, where they are signed in. */
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { OneTime } from '../../components/OneTime'
import { ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { StateMark } from '../../components/StateMark'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { people } from '../../core/access'
import type { Member, RoleLine } from '../../wire/access'
import { Tokens } from '../system/Tokens'
import { AddPerson } from './AddPerson'
import { FactorRule } from './FactorRule'
import { Grants } from './Grants'
import { PersonDrawer } from './PersonDrawer'
import { ProvidersCard } from './ProvidersCard'
import { RoleList } from './RoleList'
import { SupportCard } from './SupportCard'
import { TakeOutCard } from './TakeOutCard'

export default function AccessPage() {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { data, error, reload } = useAsk('people', people.list, 15_000)
  const roles = useAsk('roles', people.ready)
  const [open, setOpen] = useState<string | null>(null)
  const [made, setMade] = useState<{ name: string; password: string } | null>(null)
  if (!data || !roles.data) return <Page title={t('access.title')}>{(error ?? roles.error) ? <ErrorNote problem={(error ?? roles.error)!} retry={reload} /> : <Waiting rows={8} />}</Page>
  const title = (role: string) => {
    const line = roles.data?.find((one) => one.role === role)
    return line ? inLanguage(language, line.title, line.title_zh) : role
  }
  const person = data.find((one) => one.name === open)
  return (
    <Page title={t('access.title')} sub={t('access.sub')}>
      <section className="card">
        <h2>{t('access.people')}</h2>
        <AddPerson
          roles={roles.data}
          onMade={(one) => {
            setMade(one)
            reload()
          }}
        />
        {made ? <OneTime {...made} /> : null}
        <div className="scroll-x">
          <table className="table tight people">
            <thead>
              <tr>
                <th>{t('access.name')}</th>
                <th>{t('access.roles')}</th>
                <th>{t('access.state')}</th>
                <th>{t('factor.title')}</th>
                <th className="r">{t('access.sessions')}</th>
                <th>{t('access.signedIn')}</th>
              </tr>
            </thead>
            <tbody>
              {data.map((one) => (
                <tr key={one.name}>
                  <td className="main-cell">
                    <button type="button" className="link" onClick={() => setOpen(one.name)}>
                      {one.name}
                    </button>
                  </td>
                  <td data-label={t('access.roles')}>{one.roles.map(title).join(language === 'zh' ? '、' : ', ')}</td>
                  <td>
                    <PersonState person={one} />
                  </td>
                  <td data-label={t('factor.title')}>{one.second_factor ? t('factor.on') : '–'}</td>
                  <td className="r num" data-label={t('access.sessions')}>{one.sessions}</td>
                  <td data-label={t('access.signedIn')}>{one.signed_in_us ? <Age us={one.signed_in_us} /> : '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <SupportCard />
      <Grants />
      <ProvidersCard />
      <FactorRule roles={roles.data} />
      <RoleList roles={roles.data} />
      <Tokens />
      <TakeOutCard />
      {person ? (
        <PersonDrawer
          person={person}
          roles={roles.data as RoleLine[]}
          onClose={() => setOpen(null)}
          onChanged={reload}
          onSecret={(one) => {
            setMade(one)
            setOpen(null)
            reload()
          }}
        />
      ) : null}
    </Page>
  )
}

function PersonState({ person }: { person: Member }) {
  const { t } = useTranslation()
  if (person.locked)
    return (
      <>
        <StateMark state="disabled" word={false} /> {t('access.locked')}
      </>
    )
  return <>{person.must_set_password ? t('access.oneTime') : t('access.active')}</>
}
