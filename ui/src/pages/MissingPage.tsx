import { useTranslation } from 'react-i18next'
import { Link } from '../components/navigation'
import { Empty } from '../components/notes'

export default function MissingPage() {
  const { t } = useTranslation()
  return (
    <div className="page">
      <Empty title={t('missing.title')} advice={t('missing.advice')}>
        <Link href="/">{t('nav.overview')}</Link>
      </Empty>
    </div>
  )
}
