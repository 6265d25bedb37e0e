import { useTranslation } from 'react-i18next'
import { PointList } from '../../components/PointList'

export function PointsTab({ device }: { device: string }) {
  const { t } = useTranslation()
  return <PointList ask={{ device }} none={t('device.noPoints')} />
}
