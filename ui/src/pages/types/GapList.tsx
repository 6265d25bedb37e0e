/** In what assets are not what their type says, one line for each asset. */
import { useTranslation } from 'react-i18next'
import { Link } from '../../components/navigation'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { assetLink } from '../../core/route'
import { byAsset, type Gap, quantityOf } from '../../core/types'

const SHOWN = 50

export function GapList({ gaps }: { gaps: readonly Gap[] }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const found = byAsset(gaps)
  return (
    <>
      <ul className="type-gaps">
        {found.slice(0, SHOWN).map(([asset, held]) => (
          <li key={asset}>
            <Link href={assetLink(asset)}>{asset}</Link>
            <span>
              {held.map((gap) => (
                <span key={gap.what}>
                  <b>{quantityOf(gap.what)}</b> {inLanguage(language, gap.message, gap.message_zh)}
                </span>
              ))}
            </span>
          </li>
        ))}
      </ul>
      {found.length > SHOWN ? <p className="muted small">{t('types.moreAssets', { n: found.length - SHOWN })}</p> : null}
    </>
  )
}
