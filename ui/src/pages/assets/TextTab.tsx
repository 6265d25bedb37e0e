/** The asset as text: to keep, to compare, to carry elsewhere. */
import { Button, Segmented } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyButton } from '../../components/CopyButton'
import { Icon } from '../../components/Icon'
import { type AssetWhole, specOf, thingOf } from '../../core/assets'
import { asJson, assetAsCurl, assetAsPython, asYaml } from '../../core/assettext'
import { saveAs } from '../../core/save'

const KINDS = ['YAML', 'JSON', 'Python', 'curl'] as const

export function TextTab({ whole }: { whole: AssetWhole }) {
  const { t } = useTranslation()
  const [kind, setKind] = useState<(typeof KINDS)[number]>('YAML')
  const { asset } = whole.line
  const text = kind === 'YAML' ? asYaml(specOf(whole)) : kind === 'JSON' ? asJson(specOf(whole)) : kind === 'Python' ? assetAsPython(location.origin, asset) : assetAsCurl(location.origin, asset)
  const isFile = kind === 'YAML' || kind === 'JSON'
  return (
    <section className="card">
      <div className="bar">
        <Segmented size="small" value={kind} onChange={setKind} options={[...KINDS]} aria-label={t('copy.title')} />
        <span className="grow" />
        {isFile ? (
          <Button size="small" type="text" icon={<Icon name="download" size={15} />} onClick={() => saveAs(`${asset}.${kind.toLowerCase()}`, text, `application/${kind.toLowerCase()}`)}>
            {t('export.title')}
          </Button>
        ) : null}
        <CopyButton text={text} />
      </div>
      <pre className="asset-text">{text}</pre>
      <p className="small">
        <a href={thingOf(asset)} target="_blank" rel="noreferrer">
          {t('assets.thing')}
        </a>{' '}
        <span className="muted">{t('assets.thingText')}</span>
      </p>
    </section>
  )
}
