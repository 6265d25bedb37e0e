/** Every device template: the company's own, and those that came with the platform. */
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { Link, navigate } from '../../components/navigation'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { inLanguage, useLanguageCode, usePreferences } from '../../components/preferences'
import { SearchField } from '../../components/SearchField'
import { StateMark } from '../../components/StateMark'
import { useAsk } from '../../components/useAsk'
import { mayDescribe } from '../../core/assets'
import { matches } from '../../core/matching'
import { templateLink } from '../../core/route'
import { templates } from '../../core/devicetemplates'

export function TemplateList() {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { session } = usePreferences()
  const { data, error, reload } = useAsk('device-templates', templates.list)
  const [words, setWords] = useState('')
  const lines = (data ?? []).filter((line) => matches(words, line.template, line.title, line.title_zh, line.manufacturer, line.driver, ...line.models))
  return (
    <>
      <Link href="/connect" className="assets-back">
        <Icon name="chevron" size={16} /> {t('nav.connect')}
      </Link>
      <Page
        title={t('templates.title')}
        sub={t('templates.sub')}
        tools={
          <>
            <SearchField className="tool-search" label={t('templates.search')} onSearch={setWords} rest={0} />
            {mayDescribe(session) ? (
              <Button type="primary" icon={<Icon name="plus" size={16} />} onClick={() => navigate('/templates?paste')}>
                {t('templates.paste')}
              </Button>
            ) : null}
          </>
        }
      >
        {error ? <ErrorNote problem={error} retry={reload} /> : null}
        {!data && !error ? <Waiting rows={8} /> : null}
        {data && !lines.length ? <Empty title={t('search.none')} /> : null}
        {lines.length ? (
          <div className="card">
            <table className="table templates-table">
              <thead>
                <tr>
                  <th>{t('templates.template')}</th>
                  <th>{t('templates.maker')}</th>
                  <th>{t('connect.driver')}</th>
                  <th className="r">{t('word.point')}</th>
                  <th className="r">{t('templates.devices')}</th>
                  <th className="r">{t('types.version')}</th>
                </tr>
              </thead>
              <tbody>
                {lines.map((line) => (
                  <tr key={line.template}>
                    <td className="main-cell">
                      <Link href={templateLink(line.template)}>
                        <b>{inLanguage(language, line.title, line.title_zh) || line.template}</b>
                      </Link>{' '}
                      <code>{line.template}</code>
                      {line.error ? (
                        <p className="bad-text small">
                          <StateMark state="bad" word={false} /> {line.error}
                        </p>
                      ) : null}
                    </td>
                    <td data-label={t('templates.maker')}>{line.manufacturer || '–'}</td>
                    <td data-label={t('connect.driver')}>{line.driver}</td>
                    <td className="r num" data-label={t('word.point')}>{line.points}</td>
                    <td className="r num" data-label={t('templates.devices')}>
                      {line.devices}
                      {line.behind ? <small className="warn-text"> {t('templates.behind', { n: line.behind })}</small> : null}
                    </td>
                    <td className="r num" data-label={t('types.version')}>
                      {line.version}
                      {line.shipped ? <small className="muted"> {t('types.shipped')}</small> : null}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        ) : null}
      </Page>
    </>
  )
}
