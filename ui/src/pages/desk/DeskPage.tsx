/** The operator's desk: who wants to come, which company needs somebody, and where the platform's people may look. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { navigate } from '../../components/navigation'
import { Page } from '../../components/Page'
import { usePreferences } from '../../components/preferences'
import { maySeeCompanies } from '../../core/access'
import { QueueCard } from './QueueCard'
import { RegionsCard } from './RegionsCard'
import { PackagesCard, RulesCard } from './RulesCard'
import { SupportDesk } from './SupportDesk'

export default function DeskPage() {
  const { t } = useTranslation()
  const { session } = usePreferences()
  const operator = maySeeCompanies(session)
  return (
    <Page title={t('desk.title')} sub={t('desk.sub')} tools={
        <>
          {operator ? <Button onClick={() => navigate('/companies')}>{t('nav.companies')}</Button> : null}
          <Button onClick={() => navigate('/use')}>{t('desk.worst')}</Button>
        </>
      }>
      <QueueCard />
      {operator ? (
        <>
          <SupportDesk />
          <RulesCard />
          <PackagesCard />
          <RegionsCard />
        </>
      ) : null}
    </Page>
  )
}
