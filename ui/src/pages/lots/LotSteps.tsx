/** The steps of production behind a genealogy: machine, time, people, and what the machine said meanwhile. */
import { useTranslation } from 'react-i18next'
import { Link } from '../../components/navigation'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { number, unitText } from '../../core/format'
import { assetLink, pointLink, trendLink } from '../../core/route'
import { clock } from '../../core/time'
import { doubtful, type LotEpisode } from '../../core/lots'

const SPARE_US = 60_000_000

export function LotSteps({ episodes }: { episodes: readonly LotEpisode[] }) {
  const { t } = useTranslation()
  return (
    <section className="card">
      <h2>{t('lots.steps')}</h2>
      {episodes.map((one) => (
        <Step key={one.id} one={one} />
      ))}
    </section>
  )
}

function Step({ one }: { one: LotEpisode }) {
  const { t, i18n } = useTranslation()
  const language = useLanguageCode()
  const kind = i18n.exists(`episode.${one.kind}`) ? t(`episode.${one.kind}` as 'episode.alarm') : one.kind
  const end = typeof one.end_us === 'number' ? one.end_us : null
  const at = (us: number) => new Date(us / 1000).toISOString()
  const names = one.parameters.slice(0, 4).map((parameter) => parameter.point)
  return (
    <article className="lot-step">
      <h3>
        {inLanguage(language, one.title, one.title_zh) || one.id} <span className="tag">{kind}</span>
      </h3>
      <p className="muted">
        {one.asset ? <Link href={assetLink(one.asset)}>{one.asset}</Link> : null} <span className="num">{clock(one.start_us, Date.now(), { date: true })}</span> – <span className="num">{end === null ? t('assets.stillOn') : clock(end, Date.now(), { date: true })}</span>{' '}
        {one.people.length ? <Assets label={t('lots.people')} names={one.people} /> : null} {one.tools.length ? <Assets label={t('lots.tools')} names={one.tools} /> : null} {names.length ? <Link href={trendLink(names, at(one.start_us - SPARE_US), end === null ? 'now' : at(end + SPARE_US))}>{t('nav.trends')}</Link> : null}
      </p>
      {doubtful(one) ? (
        <ul className="lot-doubts">
          {one.qualifications
            .filter((told) => told.state !== 'held')
            .map((told) => (
              <li key={`${told.person}/${told.qualification}`}>
                <span aria-hidden>▲</span> {t(`lots.${told.state as 'expired' | 'missing' | 'unknown'}`, { person: told.person, qualification: told.qualification, until: told.until })}
              </li>
            ))}
        </ul>
      ) : null}
      {one.parameters.length ? (
        <details>
          <summary>{t('lots.parameters', { n: one.parameters.length })}</summary>
          <div className="lot-parameters">
            <table>
              <thead>
                <tr>
                  <th>{t('word.point')}</th>
                  <th>{t('lots.min')}</th>
                  <th>{t('lots.mean')}</th>
                  <th>{t('lots.max')}</th>
                </tr>
              </thead>
              <tbody>
                {one.parameters.map((parameter) => (
                  <tr key={parameter.point}>
                    <th scope="row">
                      <Link href={pointLink(parameter.point)}>{parameter.point}</Link> <small className="muted">{unitText(parameter.unit)}</small>
                    </th>
                    <td className="num">{number(parameter.min)}</td>
                    <td className="num">{number(parameter.mean)}</td>
                    <td className="num">{number(parameter.max)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      ) : null}
    </article>
  )
}

/** People or tools, each with the page of its asset: it says so where nobody described them. */
function Assets({ label, names }: { label: string; names: readonly string[] }) {
  return (
    <span>
      {label}{' '}
      {names.map((name, at) => (
        <span key={name}>
          {at ? ', ' : ''}
          <Link href={assetLink(name)}>{name}</Link>
        </span>
      ))}
    </span>
  )
}
