/** What an asset is by design and by build: its type and version, its serial number, its parts. */
import { useTranslation } from 'react-i18next'
import { Link } from '../../components/navigation'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import type { Life } from '../../core/life'
import { assetLink, typeLink } from '../../core/route'
import { clock } from '../../core/time'

export function LifeFacts({ held: { designed, built } }: { held: Life }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const on = (us: number | null | undefined) => (typeof us === 'number' ? clock(us, Date.now(), { date: true }) : '')
  const facts = [
    [t('life.designed'), designed.type ? <Link href={typeLink(designed.type)}>{`${designed.type}@${designed.version}`}</Link> : null],
    [t('life.serial'), built.serial],
    [t('life.kind.manufactured'), on(built.manufactured_us)],
    [t('life.kind.commissioned'), on(built.commissioned_us)],
    [t('assets.parts'), built.parts.length ? built.parts.map((part) => <Link key={part.asset} href={assetLink(part.asset)}>{inLanguage(language, part.title, part.title_zh) || part.asset} </Link>) : null],
  ] as const
  const known = facts.filter(([, fact]) => fact)
  return known.length ? (
    <dl className="life-facts">
      {known.map(([name, fact]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{fact}</dd>
        </div>
      ))}
    </dl>
  ) : null
}
