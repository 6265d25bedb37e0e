/** The ready-made roles in words. */
import { useTranslation } from 'react-i18next'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { useActionWord } from '../../components/useActionWord'
import type { RoleLine } from '../../wire/access'

export function RoleList({ roles }: { roles: RoleLine[] }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const action = useActionWord()
  return (
    <section className="card">
      <h2>{t('access.rolesTitle')}</h2>
      <p className="muted small">{t('access.rolesText')}</p>
      <dl className="role-list">
        {roles.map((one) => (
          <div key={one.role}>
            <dt>
              {inLanguage(language, one.title, one.title_zh)} <code>{one.role}</code> {one.platform ? <span className="tag">{t('access.platform')}</span> : null}
            </dt>
            <dd className="muted small">{one.actions.length ? one.actions.map(action).join(language === 'zh' ? '、' : ', ') : t('access.onlyGrants')}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
