/** What an action is called; one that has no word goes by its name. */
import { useTranslation } from 'react-i18next'

export function useActionWord(): (name: string) => string {
  const { t, i18n } = useTranslation()
  return (name) => (i18n.exists(`access.action.${name}`) ? t(`access.action.${name}` as 'access.action.see') : name)
}
