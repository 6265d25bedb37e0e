/** Which roles must have a second factor. */
import { Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import { people } from '../../core/access'
import type { RoleLine } from '../../wire/access'

export function FactorRule({ roles }: { roles: RoleLine[] }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const trouble = useTrouble()
  const { data, reload } = useAsk('second-factor', people.required)
  const change = (chosen: string[]) => void people.require(chosen).then(reload, trouble)
  return (
    <section className="card">
      <h2>{t('factor.title')}</h2>
      <p className="muted small">{t('factor.rule')}</p>
      <Select
        className="role-choice"
        mode="multiple"
        value={data?.roles ?? []}
        onChange={change}
        placeholder={t('factor.nobody')}
        aria-label={t('factor.rule')}
        options={roles.map((one) => ({ value: one.role, label: inLanguage(language, one.title, one.title_zh) }))}
      />
    </section>
  )
}
