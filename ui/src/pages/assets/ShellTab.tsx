/** The asset as others read it: its Asset Administration Shell with the values of now, and as a file. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { CopyButton } from '../../components/CopyButton'
import { Facts } from '../../components/Facts'
import { Icon } from '../../components/Icon'
import { ErrorNote, Waiting } from '../../components/notes'
import { useLanguageCode } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { type Line, lines, shellHref, shellOf } from '../../core/aas'
import { unitText } from '../../core/format'
import { FilledList } from './FilledList'

const AGAIN_MS = 5000
const FORMS = ['aasx', 'json', 'xml'] as const

export function ShellTab({ asset }: { asset: string }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { data, error, reload } = useAsk(`shell:${asset}`, (signal) => shellOf(asset, signal), AGAIN_MS)
  const shell = data?.assetAdministrationShells[0]
  return (
    <section className="card">
      <div className="bar">
        <h2>{t('shell.title')}</h2>
        <span className="grow" />
        {FORMS.map((form) => (
          <Button key={form} size="small" icon={<Icon name="download" size={15} />} href={shellHref(asset, form)} download={`${asset}.${form}`}>
            {form.toUpperCase()}
          </Button>
        ))}
      </div>
      <p className="muted small">{t('shell.text')}</p>
      <FilledList asset={asset} onChanged={reload} />
      {error && !data ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting /> : null}
      {shell ? (
        <Facts
          rows={[
            [t('shell.id'), <span key="i" className="inline"><code>{shell.id}</code> <CopyButton text={shell.id} /></span>],
            [t('shell.assetId'), <code key="g">{shell.assetInformation.globalAssetId}</code>],
          ]}
        />
      ) : null}
      {data && !data.submodels?.length ? <p className="muted">{t('shell.empty')}</p> : null}
      {data?.submodels?.map((one) => (
        <details key={one.id} className="aas-submodel" open={one.idShort === 'OperationalData'}>
          <summary>
            <b>{one.idShort}</b>
          </summary>
          <p className="muted small">
            <code>{one.id}</code> <CopyButton text={one.id} label={t('shell.copyId')} />
          </p>
          <Tree held={lines(one.submodelElements, language)} />
        </details>
      ))}
    </section>
  )
}

function Tree({ held }: { held: readonly Line[] }) {
  const { t } = useTranslation()
  return (
    <ul className="aas-tree">
      {held.map((one) => (
        <li key={one.key}>
          <div className="aas-line">
            <span>
              <code>{one.name}</code> {one.title ? <span className="muted small">{one.title}</span> : null}
            </span>
            <span className="num">
              {one.text} {unitText(one.unit)}
            </span>
            <span className="muted small">
              {one.quality && one.quality !== 'good' ? <span className="tag">{t(`quality.${one.quality}`)}</span> : null} {one.atUs ? <Age us={one.atUs} /> : null}
            </span>
          </div>
          {one.inside.length ? <Tree held={one.inside} /> : null}
        </li>
      ))}
    </ul>
  )
}
