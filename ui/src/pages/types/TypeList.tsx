/** Every asset type: the company's own, and those that came with the platform. */
import { Button, Segmented } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { Link } from '../../components/navigation'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { inLanguage, useLanguageCode, usePreferences } from '../../components/preferences'
import { SearchField } from '../../components/SearchField'
import { StateMark } from '../../components/StateMark'
import { useAsk } from '../../components/useAsk'
import { mayDescribe, splitType } from '../../core/assets'
import { typeLink } from '../../core/route'
import { chosen, type TypeLine, types, type Which } from '../../core/types'
import { NewType } from './NewType'

const WHICH: Which[] = ['all', 'own', 'shipped', 'unused']

export function TypeList() {
  const { t } = useTranslation()
  const { session } = usePreferences()
  const { data, error, reload } = useAsk('types', types.list)
  const [which, setWhich] = useState<Which>('all')
  const [words, setWords] = useState('')
  const [making, setMaking] = useState(false)
  const lines = chosen(data ?? [], which, words)
  return (
    <Page
      title={t('types.title')}
      sub={
        <>
          <Link href="/assets">{t('nav.assets')}</Link> · {t('types.sub')}
        </>
      }
      tools={
        mayDescribe(session) ? (
          <Button type="primary" icon={<Icon name="plus" size={15} />} onClick={() => setMaking(true)}>
            {t('types.new')}
          </Button>
        ) : null
      }
    >
      <div className="bar types-bar">
        <SearchField label={t('types.search')} onSearch={setWords} rest={0} />
        <Segmented<Which> aria-label={t('types.which.label')} value={which} onChange={setWhich} options={WHICH.map((value) => ({ value, label: t(`types.which.${value as 'all'}`) }))} />
      </div>
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting rows={8} /> : null}
      {data && lines.length === 0 ? <Empty title={t('types.none')} /> : null}
      {lines.length ? <Lines lines={lines} /> : null}
      {making && data ? <NewType lines={data} extend="machine" onClose={() => setMaking(false)} /> : null}
    </Page>
  )
}

function Lines({ lines }: { lines: TypeLine[] }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  return (
    <div className="card">
      <table className="table types-table">
        <thead>
          <tr>
            <th>{t('types.type')}</th>
            <th>{t('types.extends')}</th>
            <th className="r">{t('types.points')}</th>
            <th className="r">{t('types.properties')}</th>
            <th className="r">{t('types.assets')}</th>
            <th className="r">{t('types.version')}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.type}>
              <td className="main-cell">
                <Link href={typeLink(line.type)}>
                  <b>{inLanguage(language, line.title, line.title_zh) || line.type}</b>
                </Link>{' '}
                <code>{line.type}</code>
                {line.error ? (
                  <p className="bad-text small">
                    <StateMark state="bad" word={false} /> {line.error}
                  </p>
                ) : null}
              </td>
              <td data-label={t('types.extends')}>{line.extends ? <Link href={typeLink(splitType(line.extends)[0])}>{line.extends}</Link> : <span className="muted">–</span>}</td>
              <td className="r num" data-label={t('types.points')}>{line.points}</td>
              <td className="r num" data-label={t('types.properties')}>{line.properties}</td>
              <td className="r num" data-label={t('types.assets')}>{line.assets}</td>
              <td className="r num" data-label={t('types.version')}>{line.version || t('types.shipped')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
