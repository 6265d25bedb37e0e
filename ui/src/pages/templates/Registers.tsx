/** A template's register table, and where it was read. */
import { useTranslation } from 'react-i18next'
import { Facts } from '../../components/Facts'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { unitText } from '../../core/format'
import type { TemplateWhole } from '../../core/devicetemplates'

export function Registers({ held }: { held: TemplateWhole }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { whole } = held
  const source = whole.source
  const said = [source?.document, source?.revision].filter(Boolean).join(' · ')
  const notes = inLanguage(language, whole.notes ?? '', whole.notes_zh ?? '')
  const options = Object.entries(whole.options ?? {})
  const parameters = Object.entries(whole.parameters ?? {})
  return (
    <>
      <section className="card">
        <Facts
          rows={[
            [t('templates.maker'), whole.manufacturer || '–'],
            [t('templates.models'), (whole.models ?? []).join(', ') || '–'],
            [t('templates.source'), source?.url && /^https?:/.test(source.url) ? <a href={source.url} target="_blank" rel="noreferrer">{said || source.url}</a> : said || '–'],
            [t('connect.driver'), [whole.driver, ...options.map(([name, value]) => `${name}=${String(value)}`)].join(' · ')],
            ...(parameters.length ? [[t('templates.parameters'), parameters.map(([name, one]) => `${inLanguage(language, one.title ?? '', one.title_zh ?? '') || name} (${name}${one.default === undefined ? '' : ` = ${String(one.default)}`})`).join(', ')] as const] : []),
            ...(whole.asset_type ? [[t('templates.assetType'), <code>{whole.asset_type}</code>] as const] : []),
            ...(notes ? [[t('templates.notes'), notes] as const] : []),
          ]}
        />
      </section>
      <section className="card">
        <table className="table registers-table">
          <thead>
            <tr>
              <th>{t('command.point')}</th>
              <th>{t('templates.address')}</th>
              <th>{t('templates.kind')}</th>
              <th>{t('templates.unit')}</th>
              <th className="r">{t('templates.scale')}</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(whole.points).map(([name, one]) => {
              const states = Object.entries({ ...one.states, ...(language === 'zh' ? one.states_zh : {}) })
              return (
                <tr key={name}>
                  <td className="main-cell">
                    {inLanguage(language, one.title ?? '', one.title_zh ?? '') || name} <code>{name}</code>
                  </td>
                  <td data-label={t('templates.address')}><code>{one.address}</code></td>
                  <td data-label={t('templates.kind')}>
                    {t(`kind.${one.kind ?? 'gauge'}`)}
                    {states.length ? <small className="muted"> {states.map(([key, word]) => `${key} = ${word}`).join(', ')}</small> : null}
                  </td>
                  <td data-label={t('templates.unit')}>{one.unit ? unitText(one.unit) : '–'}</td>
                  <td className="r num" data-label={t('templates.scale')}>{one.scale ?? 1}{one.offset ? ` + ${String(one.offset)}` : ''}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </section>
    </>
  )
}
