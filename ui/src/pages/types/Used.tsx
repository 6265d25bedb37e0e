/** Who uses a type: the assets, what they lack, and the types that extend it. */
import { useTranslation } from 'react-i18next'
import { Link } from '../../components/navigation'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { StateMark } from '../../components/StateMark'
import { useAsk } from '../../components/useAsk'
import { assetLink, typeLink } from '../../core/route'
import { types, type TypeWhole } from '../../core/types'
import { GapList } from './GapList'

export function Used({ held }: { held: TypeWhole }) {
  const { t } = useTranslation()
  const { data, error, reload } = useAsk(`gaps:${held.type}:${held.version}`, (signal) => types.gaps(held.type, signal))
  const assets = held.used.filter((one) => !held.extending.includes(one))
  const lacking = new Set(data?.gaps.map((gap) => gap.asset))
  const fit = assets.filter((one) => !lacking.has(one))
  if (held.used.length === 0) return <Empty title={t('types.unused')} advice={t('types.unusedText')} />
  return (
    <div className="cards2">
      <section className="card">
        <h2>{t('types.lack')}</h2>
        {error ? <ErrorNote problem={error} retry={reload} /> : null}
        {!data && !error ? <Waiting /> : null}
        {data && data.gaps.length === 0 ? (
          <p>
            <StateMark state="good" word={false} /> {t('types.allFit', { n: data.assets })}
          </p>
        ) : null}
        {data?.gaps.length ? <GapList gaps={data.gaps} /> : null}
      </section>
      <section className="card">
        <h2>{t('types.fit')}</h2>
        <p className="type-names">
          {fit.map((one) => (
            <Link key={one} href={assetLink(one)}>
              {one}
            </Link>
          ))}
          {fit.length === 0 ? <span className="muted">–</span> : null}
        </p>
        {held.extending.length ? (
          <>
            <h2>{t('types.extendedBy')}</h2>
            <p className="type-names">
              {held.extending.map((one) => (
                <Link key={one} href={typeLink(one)}>
                  {one}
                </Link>
              ))}
            </p>
          </>
        ) : null}
      </section>
    </div>
  )
}
