/** A plant in which there is nothing: what to do next. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { navigate } from '../../components/navigation'
import { Empty } from '../../components/notes'
import { usePreferences } from '../../components/preferences'
import { mayDescribe } from '../../core/assets'

export function NothingYet({ onAdd }: { onAdd: () => void }) {
  const { t } = useTranslation()
  const { session } = usePreferences()
  return (
    <Empty icon="assets" title={t('assets.nothing')} advice={t('assets.nothingText')}>
      {mayDescribe(session) ? (
        <div className="bar">
          <Button type="primary" icon={<Icon name="connect" size={16} />} onClick={() => navigate('/connect/add')}>
            {t('assets.connect')}
          </Button>
          <Button icon={<Icon name="plus" size={16} />} onClick={onAdd}>
            {t('assets.addFirst')}
          </Button>
          <Button icon={<Icon name="download" size={16} />} onClick={() => navigate('/assets?import')}>
            {t('assets.import')}
          </Button>
        </div>
      ) : null}
    </Empty>
  )
}
