/** What is a part of an asset or stands in it, directly. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { Link } from '../../components/navigation'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { assets, PAGE } from '../../core/assets'
import { assetLink } from '../../core/route'
import { AssetTags, LevelIcon } from './AssetMark'

export function PartsTab({ asset, turn, onAdd }: { asset: string; turn: number; onAdd?: () => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { data, error, reload } = useAsk(`parts:${asset}:${turn}`, (signal) => assets.list({ parent: asset, limit: PAGE }, signal))
  if (error && !data) return <ErrorNote problem={error} retry={reload} />
  if (!data) return <Waiting />
  const add = onAdd ? (
    <Button size="small" icon={<Icon name="plus" size={15} />} onClick={onAdd}>
      {t('assets.addPart')}
    </Button>
  ) : null
  if (!data.total) return <Empty icon="part" title={t('assets.noParts')}>{add}</Empty>
  return (
    <>
      <div className="bar">{add}</div>
      <table className="table asset-parts">
        <thead>
          <tr>
            <th>{t('search.asset')}</th>
            <th>{t('assets.field.level')}</th>
            <th>{t('assets.field.code')}</th>
            <th>{t('assets.field.place')}</th>
            <th className="r">{t('assets.parts')}</th>
            <th className="r">{t('word.point')}</th>
          </tr>
        </thead>
        <tbody>
          {data.assets.map((line) => (
            <tr key={line.asset}>
              <td className="main-cell">
                <Link href={assetLink(line.asset)}>{inLanguage(language, line.title, line.title_zh) || line.asset}</Link> <small className="faint">{line.asset}</small> <AssetTags line={line} />
              </td>
              <td>
                {line.described ? (
                  <span className="inline">
                    <LevelIcon level={line.level} /> {t(`assets.level.${line.level}`)}
                  </span>
                ) : (
                  '–'
                )}
              </td>
              <td data-label={t('assets.field.code')}>{line.code || '–'}</td>
              <td data-label={t('assets.field.place')}>{line.place || '–'}</td>
              <td className="r num" data-label={t('assets.parts')}>{line.children}</td>
              <td className="r num" data-label={t('word.point')}>{line.points}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {data.total > data.assets.length ? <p className="muted small">{t('assets.more', { n: data.total - data.assets.length })}</p> : null}
    </>
  )
}
