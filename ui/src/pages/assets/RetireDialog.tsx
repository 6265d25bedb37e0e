/** Takes an asset out of the tree: says what stands in the way, and wants the name typed. */
import { useTranslation } from 'react-i18next'
import { TypedDialog } from '../../components/TypedDialog'
import { type AssetWhole, assets } from '../../core/assets'

export function RetireDialog({ whole, onClose, onRetired }: { whole: AssetWhole; onClose: () => void; onRetired: () => void }) {
  const { t } = useTranslation()
  const { asset, children } = whole.line
  const retire = () => assets.retire(asset).then(onRetired)
  return (
    <TypedDialog name={asset} title={t('assets.retireTitle', { asset })} ok={t('assets.retire')} ask={t('device.removeType', { device: asset })} stuck={whole.own_points > 0 || children > 0} go={retire} onClose={onClose}>
      <p>{t('assets.retireText')}</p>
      {whole.own_points ? <p className="bad-text">{t('assets.retirePoints', { n: whole.own_points })}</p> : null}
      {children ? <p className="bad-text">{t('assets.retireParts', { n: children })}</p> : null}
    </TypedDialog>
  )
}
