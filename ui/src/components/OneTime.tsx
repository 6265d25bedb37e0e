/** A secret that is shown this once. */
import { useTranslation } from 'react-i18next'
import { CopyButton } from './CopyButton'

export function OneTime({ name, password }: { name: string; password: string }) {
  const { t } = useTranslation()
  return (
    <p className="token-made" role="status">
      {t('access.once', { name })} <code>{password}</code> <CopyButton text={password} />
    </p>
  )
}
