/** The quotas as they were written, from the widest level to the nearest; what somebody may change, they change here. */
import { useTranslation } from 'react-i18next'
import { HeldText } from '../../components/HeldText'
import { use } from '../../core/use'
import type { QuotaText } from '../../wire/use'

const LIKE = 'points: 5000\nvalues_s: 2000\nstorage: 50 GB'

export function QuotaTexts({ texts, mayChange, onSaved }: { texts: QuotaText[]; mayChange: boolean; onSaved: () => void }) {
  const { t } = useTranslation()
  return (
    <div className="quota-texts">
      {texts.map(({ level, place, text }) => (
        <HeldText key={`${level}/${place}`} name={`${t(`use.level.${level as 'platform'}`)} ${place}`.trim()} text={text} like={LIKE} mayChange={mayChange && level !== 'site'} save={(said) => use.putQuotas(level, place, said)} onSaved={onSaved} />
      ))}
    </div>
  )
}
