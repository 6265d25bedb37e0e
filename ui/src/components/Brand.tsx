/** Logo and name: the region's, else the platform's. */
import { useTranslation } from 'react-i18next'
import { inLanguage, usePreferences } from './preferences'

export function BrandMark({ size }: { size: number }) {
  const { look } = usePreferences()
  return <img src={look?.logo || '/mark.svg'} alt="" className="brand-mark" height={size} width={look?.logo ? undefined : size} />
}

export function BrandName() {
  const { t } = useTranslation()
  const { look, language } = usePreferences()
  return <>{inLanguage(language, look?.title ?? '', look?.title_zh ?? '') || t('app.name')}</>
}
