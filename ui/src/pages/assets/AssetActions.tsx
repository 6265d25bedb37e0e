/** What can be done with an asset; what changes it only for whoever may. */
import { Button, Dropdown } from 'antd'
import { useTranslation } from 'react-i18next'
import { useCopy } from '../../components/CopyButton'
import { Icon } from '../../components/Icon'
import { navigate } from '../../components/navigation'
import { type AssetWhole, mayAnnotate, specOf } from '../../core/assets'
import { asJson, assetAsCurl, assetAsPython, asYaml } from '../../core/assettext'
import { points } from '../../core/calls'
import { trendLink } from '../../core/route'
import { saveAs } from '../../core/save'
import { newTaskLink, tasksLink } from '../../core/tasks'
import { usePreferences } from '../../components/preferences'
import { useTrouble } from '../../components/useTrouble'

export type Doing = 'edit' | 'move' | 'rename' | 'add' | 'retire'

const LINES = 6 // in one chart, to begin with

export function AssetActions({ whole, may, onDo }: { whole: AssetWhole; may: boolean; onDo: (what: Doing) => void }) {
  const { t } = useTranslation()
  const copy = useCopy()
  const trouble = useTrouble()
  const { session } = usePreferences()
  const { line } = whole
  const draw = () => points.list({ asset: line.asset, limit: LINES }).then((answer) => navigate(trendLink(answer.points.map((point) => point.name))), trouble)
  const changes = may && !line.retired
  return (
    <>
      <Button icon={<Icon name="trends" size={16} />} disabled={!line.points} onClick={() => void draw()}>
        {t('nav.trends')}
      </Button>
      {mayAnnotate(session) && !line.retired ? (
        <Button icon={<Icon name="wrench" size={16} />} onClick={() => navigate(newTaskLink({ asset: line.asset }))}>
          {t('task.report')}
        </Button>
      ) : null}
      {changes && line.points ? (
        <Button icon={<Icon name="image" size={16} />} title={t('drawing.photoTitle')} onClick={() => navigate(`/screens?${new URLSearchParams({ photo: '1', asset: line.asset })}`)}>
          {t('drawing.photo')}
        </Button>
      ) : null}
      {changes && line.described ? (
        <>
          <Button icon={<Icon name="edit" size={16} />} onClick={() => onDo('edit')}>
            {t('assets.edit')}
          </Button>
          <Button onClick={() => onDo('move')}>{t('assets.move')}</Button>
        </>
      ) : null}
      <Dropdown
        trigger={['click']}
        menu={{
          items: [
            ...(changes ? [{ key: 'add', label: t('assets.addPart'), onClick: () => onDo('add') }, { key: 'rename', label: t('assets.rename'), onClick: () => onDo('rename') }, { type: 'divider' as const }] : []),
            { key: 'tasks', label: t('task.ofAsset'), onClick: () => navigate(tasksLink({ show: 'all', asset: line.asset })) },
            { key: 'python', label: `${t('copy.title')} ${t('copy.python')}`, onClick: () => copy(assetAsPython(location.origin, line.asset)) },
            { key: 'curl', label: `${t('copy.title')} ${t('copy.curl')}`, onClick: () => copy(assetAsCurl(location.origin, line.asset)) },
            { key: 'yaml', label: `${t('export.title')} YAML`, onClick: () => saveAs(`${line.asset}.yaml`, asYaml(specOf(whole)), 'application/yaml') },
            { key: 'json', label: `${t('export.title')} JSON`, onClick: () => saveAs(`${line.asset}.json`, asJson(specOf(whole)), 'application/json') },
            ...(changes && line.described ? [{ type: 'divider' as const }, { key: 'retire', danger: true, label: t('assets.retire'), onClick: () => onDo('retire') }] : []),
          ],
        }}
      >
        <Button icon={<Icon name="more" />} aria-label={t('common.more')} />
      </Dropdown>
    </>
  )
}
