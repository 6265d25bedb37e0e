/** Use and cost: of one's own company, of one chosen with ?company=, or of all for who runs a platform or a region. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { navigate, useSearch } from '../../components/navigation'
import { Page } from '../../components/Page'
import { usePreferences } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { use } from '../../core/use'
import { CompaniesPart } from './CompaniesPart'
import { CompanyPart } from './CompanyPart'

export default function UsePage() {
  const { t } = useTranslation()
  const { session } = usePreferences()
  const asked = new URLSearchParams(useSearch()).get('company') ?? ''
  const { data } = useAsk('uses:first', () => use.companies('', ''))
  const many = (data?.total ?? 0) > 1
  const tenant = asked || session?.tenant || ''
  const listed = many && !asked
  return (
    <Page
      title={t('use.title')}
      sub={listed ? t('use.subAll') : tenant}
      tools={
        many && asked ? (
          <Button onClick={() => navigate('/use')}>{t('use.all')}</Button>
        ) : many ? (
          <Button onClick={() => navigate(`/use?company=${encodeURIComponent(session?.tenant ?? '')}`)}>{t('use.own')}</Button>
        ) : null
      }
    >
      {listed ? <CompaniesPart /> : data || asked ? <CompanyPart key={tenant} tenant={tenant} /> : null}
    </Page>
  )
}
