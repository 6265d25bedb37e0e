/** How an asset is drawn; of an area, line or unit also all that stands in it, side by side. */
import { Segmented } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { navigate } from '../../components/navigation'
import { MadeScreen } from '../../components/screen/MadeScreen'
import type { AssetWhole } from '../../core/assets'
import { screenLink } from '../../core/route'
import { screens } from '../../core/screencalls'

const PLACES: readonly string[] = ['enterprise', 'site', 'area', 'line']

export function ScreenTab({ whole, turn, may }: { whole: AssetWhole; turn: number; may: boolean }) {
  const { t } = useTranslation()
  const { asset, points, level } = whole.line
  const own = whole.own_points > 0
  const below = points > whole.own_points
  const [shown, setShown] = useState<'itself' | 'below'>(below && (!own || PLACES.includes(level)) ? 'below' : 'itself')
  const save = () => navigate(`${screenLink(asset, 'new')}?asset=${encodeURIComponent(asset)}`)
  return (
    <>
      {own && below ? <Segmented value={shown} onChange={setShown} aria-label={t('screen.tab')} options={[{ value: 'itself' as const, label: t('screen.itself') }, { value: 'below' as const, label: t('screen.below') }]} /> : null}
      {shown === 'below' ? (
        <MadeScreen key="below" about={`area:${asset}:${turn}`} call={(signal) => screens.ofArea(asset, signal)} />
      ) : (
        <MadeScreen key="itself" about={`asset:${asset}:${turn}`} call={(signal) => screens.ofAsset(asset, signal)} {...(may ? { onSave: save } : {})} />
      )}
    </>
  )
}
