/** What an asset has to do with others beside the tree, from both sides; added and taken away here. */
import { AutoComplete, Button, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { Link } from '../../components/navigation'
import { inLanguage, useLanguageCode, usePreferences } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import { assets, type AssetWhole, mayDescribe } from '../../core/assets'
import { KINDS, type Related, relations } from '../../core/relations'
import { assetLink } from '../../core/route'

export function RelationsCard({ whole }: { whole: AssetWhole }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { session } = usePreferences()
  const trouble = useTrouble()
  const name = whole.line.asset
  const [now, setNow] = useState<Related[] | null>(null)
  const [kind, setKind] = useState<string>(KINDS[0])
  const [other, setOther] = useState('')
  const found = useAsk(other ? `relate:${other}` : null, (signal) => assets.list({ search: other, limit: 20 }, signal))
  const may = mayDescribe(session) && !whole.line.retired
  const add = () =>
    relations.add(name, kind, other).then((made) => {
      setNow(made.relations)
      setOther('')
    }, trouble)
  const drop = (one: Related) =>
    relations
      .drop(one.inverse ? one.other : name, one.kind, one.inverse ? name : one.other)
      .then(() => assets.get(name))
      .then((read) => setNow(read.relations), trouble)
  const shown = now ?? whole.relations
  return (
    <section className="card">
      <h2>{t('assets.relations')}</h2>
      {shown.length ? (
        <ul className="asset-grants">
          {shown.map((one) => (
            <li key={`${one.kind}:${String(one.inverse)}:${one.other}`}>
              {inLanguage(language, one.said, one.said_zh)} <Link href={assetLink(one.other)}>{inLanguage(language, one.title, one.title_zh) || one.other}</Link> <code className="faint">{one.other}</code>{' '}
              {one.retired ? <span className="tag">{t('assets.retired')}</span> : null}
              {may ? <Button size="small" type="text" aria-label={t('assets.dropRelation', { other: one.other })} icon={<Icon name="trash" size={15} />} onClick={() => void drop(one)} /> : null}
            </li>
          ))}
        </ul>
      ) : (
        <p className="muted">{t('assets.noRelations')}</p>
      )}
      {may ? (
        <div className="bar">
          <Select aria-label={t('assets.relation')} value={kind} onChange={setKind} options={KINDS.map((one) => ({ value: one, label: t(`assets.relationKind.${one}`) }))} popupMatchSelectWidth={false} />
          <AutoComplete
            aria-label={t('search.asset')}
            placeholder={t('search.asset')}
            value={other}
            onChange={setOther}
            style={{ minWidth: 180 }}
            options={(found.data?.assets ?? []).filter((line) => line.asset !== name).map((line) => ({ value: line.asset, label: [inLanguage(language, line.title, line.title_zh), line.asset].filter(Boolean).join(' · ') }))}
          />
          <Button icon={<Icon name="plus" size={15} />} disabled={!other} onClick={() => void add()}>
            {t('assets.add')}
          </Button>
        </div>
      ) : null}
    </section>
  )
}
