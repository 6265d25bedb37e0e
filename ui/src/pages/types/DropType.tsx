/** Takes a type away: says what that does, and wants its name. */
import { useTranslation } from 'react-i18next'
import { navigate } from '../../components/navigation'
import { TypedDialog } from '../../components/TypedDialog'
import { types, type TypeWhole } from '../../core/types'

export function DropType({ held, onClose }: { held: TypeWhole; onClose: () => void }) {
  const { t } = useTranslation()
  const { type } = held
  const drop = () => types.drop(type).then(() => navigate('/types'))
  return (
    <TypedDialog name={type} title={t('types.dropTitle', { type })} ok={t('common.remove')} ask={t('types.dropName', { type })} go={drop} onClose={onClose}>
      <p>{t('types.dropText', { n: held.versions.length })}</p>
    </TypedDialog>
  )
}
