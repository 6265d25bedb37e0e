/** Names what it destroys, and wants the name typed. */
import { useTranslation } from 'react-i18next'
import { navigate } from '../../components/navigation'
import { TypedDialog } from '../../components/TypedDialog'
import { devices } from '../../core/calls'

export function RemoveDialog({ device, points, onClose }: { device: string; points: number; onClose: () => void }) {
  const { t } = useTranslation()
  const remove = async () => {
    await devices.remove(device)
    onClose()
    navigate('/connect')
  }
  return (
    <TypedDialog name={device} title={t('device.removeTitle', { device })} ok={t('device.remove')} ask={t('device.removeType', { device })} go={remove} onClose={onClose}>
      <p>{t('device.removeText', { n: points })}</p>
    </TypedDialog>
  )
}
