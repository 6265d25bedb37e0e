/** Properties, where it comes from, in what it is not what its type says, and who else may see it. */
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { Facts } from '../../components/Facts'
import { Link } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { inLanguage, useLanguageCode, usePreferences } from '../../components/preferences'
import { useActionWord } from '../../components/useActionWord'
import { useAsk } from '../../components/useAsk'
import { grants } from '../../core/access'
import { type AssetWhole, maySeeGrants, reaches, splitType } from '../../core/assets'
import { unitText } from '../../core/format'
import { types } from '../../core/types'
import { visited } from '../../core/visit'
import { RelationsCard } from './RelationsCard'

export function AboutAsset({ whole }: { whole: AssetWhole }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { session } = usePreferences()
  const { line } = whole
  const type = useAsk(line.type ? `type:${line.type}` : null, (signal) => types.get(...splitType(line.type), signal))
  const said = type.data?.whole.properties ?? {}
  const named = (name: string) => inLanguage(language, said[name]?.title, said[name]?.title_zh)
  const shown = (name: string, value: string | number | boolean) => [typeof value === 'boolean' ? t(value ? 'assets.yes' : 'assets.no') : String(value), unitText(said[name]?.unit ?? '')].filter(Boolean).join(' ')
  const properties = Object.entries(whole.properties)
  return (
    <div className="cards2">
      <section className="card">
        <h2>{t('assets.properties')}</h2>
        {properties.length ? <Facts rows={properties.map(([name, value]) => [named(name) ? <span key={name}>{named(name)} <code className="faint">{name}</code></span> : name, shown(name, value)])} /> : <p className="muted">{t('assets.noProperties')}</p>}
        {whole.gaps.length ? (
          <>
            <h2 className="asset-gaps">{t('assets.gaps', { type: line.type })}</h2>
            <ul className="small">
              {whole.gaps.map((gap) => (
                <li key={`${gap.what}${gap.message}`}>
                  <code>{gap.what}</code> {inLanguage(language, gap.message, gap.message_zh)}
                </li>
              ))}
            </ul>
          </>
        ) : null}
      </section>
      <RelationsCard key={`${line.asset}:${whole.revision}`} whole={whole} />
      <section className="card">
        <h2>{t('assets.facts')}</h2>
        <Facts
          rows={[
            [t('assets.field.asset'), <code key="a">{line.asset}</code>],
            [t('assets.field.type'), line.type || '–'],
            [t('assets.field.code'), line.code || '–'],
            [t('assets.field.place'), line.place || '–'],
            ...(line.described
              ? [
                  [t('assets.field.state'), t(`assets.state.${line.state}`)] as const,
                  [t('assets.added'), <Age key="c" us={whole.created_us} />] as const,
                  [t('assets.lastChange'), <span key="m">{whole.changed_by} · <Age us={whole.changed_us} /></span>] as const,
                ]
              : []),
          ]}
        />
      </section>
      {maySeeGrants(session) && !visited() ? <WhoSees path={whole.path.map((step) => step.asset)} tenant={session?.tenant ?? ''} /> : null}
    </div>
  )
}

/** Beside the company's own people: what was granted on this asset, on what it is a part of, or on the whole company. */
function WhoSees({ path, tenant }: { path: string[]; tenant: string }) {
  const { t } = useTranslation()
  const { data, error, reload } = useAsk('grants', grants.list)
  const mine = (data ?? []).filter((one) => reaches(one.object, path, tenant))
  const action = useActionWord()
  return (
    <section className="card">
      <h2>{t('assets.whoSees')}</h2>
      <p className="muted small">
        {t('assets.whoSeesText')} <Link href="/access#grants">{t('nav.access')}</Link>
      </p>
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting /> : null}
      {data && !mine.length ? <p className="muted">{t('assets.noGrants')}</p> : null}
      <ul className="asset-grants">
        {mine.map((one) => (
          <li key={one.id}>
            <b>{one.title || one.id}</b> <code>{one.principal}</code> {one.permits ? '' : <span className="tag">{t('access.forbids')}</span>} {one.actions.map(action).join(' · ')} <code>{one.object}</code>
          </li>
        ))}
      </ul>
    </section>
  )
}
