/** What kind of asset: a drawing and a word, never a colour. */
import { useTranslation } from 'react-i18next'
import { Icon, type IconName } from '../../components/Icon'
import type { AssetLine, Level } from '../../core/assets'

const ICONS: Record<Level, IconName> = { site: 'demo', area: 'area', line: 'line', unit: 'unit', part: 'part', material: 'material', product: 'product', lot: 'lot', person: 'person', tool: 'wrench' }

export const LevelIcon = ({ level, size = 16 }: { level: Level; size?: number }) => <Icon name={ICONS[level]} size={size} />

/** What is not as usual about it, in words: not described, planned, out of service, retired. */
export function AssetTags({ line }: { line: AssetLine }) {
  const { t } = useTranslation()
  return (
    <>
      {!line.described ? <span className="tag asset-plain">{t('assets.plain')}</span> : null}
      {line.retired ? <span className="tag">{t('assets.retired')}</span> : line.state !== 'in_service' ? <span className="tag">{t(`assets.state.${line.state}`)}</span> : null}
    </>
  )
}
