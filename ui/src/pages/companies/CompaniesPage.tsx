/** The companies on this platform, for its operator: those that stand still first. */
import { App, Button, Checkbox, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { navigate } from '../../components/navigation'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { OneTime } from '../../components/OneTime'
import { Page } from '../../components/Page'
import { inLanguage, useLanguageCode, usePreferences } from '../../components/preferences'
import { StateMark } from '../../components/StateMark'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import { companies } from '../../core/access'
import type { Company } from '../../wire/access'
import { AddCompany } from './AddCompany'
import { DeleteCompany } from './DeleteCompany'

export default function CompaniesPage() {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { session } = usePreferences()
  const { modal } = App.useApp()
  const trouble = useTrouble()
  const [search, setSearch] = useState('')
  const [adding, setAdding] = useState(false)
  const [made, setMade] = useState<{ admin: string; password: string } | null>(null)
  const [gone, setGone] = useState(false)
  const [deleting, setDeleting] = useState<string | null>(null)
  const { data, error, reload } = useAsk(`companies:${search}:${gone}`, () => companies.list(search, gone ? 'gone' : ''))
  const suspend = (one: Company) =>
    modal.confirm({
      title: t('company.suspendTitle', { name: one.tenant }),
      content: t('company.suspendText'),
      okText: t('company.suspend'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => companies.suspend(one.tenant).then(reload, trouble),
    })
  const words: Record<string, string> = {
    suspended: t('company.state.suspended'),
    pending: t('company.state.pending'),
    leaving: t('leave.state.leaving'),
    gone: t('leave.state.gone'),
  }
  const state = (one: Company) => words[one.state ?? ''] ?? t('company.state.active')
  return (
    <Page title={t('nav.companies')} sub={t('company.sub')} tools={
        <>
          <Button onClick={() => navigate('/desk')}>{t('desk.title')}</Button>
          <Button onClick={() => navigate('/use')}>{t('use.title')}</Button>
          <Button onClick={() => setAdding(true)}>{t('company.add')}</Button>
        </>
      }>
      <div className="bar">
        <Input.Search allowClear className="company-search" placeholder={t('company.search')} aria-label={t('company.search')} onSearch={setSearch} />
        <Checkbox checked={gone} onChange={(e) => setGone(e.target.checked)}>
          {t('leave.showGone')}
        </Checkbox>
      </div>
      {made ? <OneTime name={made.admin} password={made.password} /> : null}
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting rows={6} /> : null}
      {data && !data.length ? <Empty title={t('company.none')} /> : null}
      {data?.length ? (
        <section className="card scroll-x">
          <table className="table tight companies">
            <thead>
              <tr>
                <th>{t('word.tenant')}</th>
                <th>{t('company.region')}</th>
                <th>{t('company.code')}</th>
                <th>{t('access.state')}</th>
                <th>{t('company.since')}</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {data.map((one) => (
                <tr key={one.tenant}>
                  <td className="main-cell">
                    {inLanguage(language, one.title ?? '', one.title_zh) || one.tenant} <code>{one.tenant}</code>
                  </td>
                  <td>{one.region || '–'}</td>
                  <td>{one.credit_code || '–'}</td>
                  <td>
                    {one.state === 'suspended' ? <StateMark state="disabled" word={false} /> : null} {state(one)}
                  </td>
                  <td>
                    <Age us={one.created_us ?? 0} />
                  </td>
                  <td className="r">
                    {one.tenant === session?.tenant ? null : one.state === 'leaving' || one.state === 'gone' ? (
                      <Button size="small" onClick={() => setDeleting(one.tenant)}>
                        {t('leave.see')}
                      </Button>
                    ) : one.state === 'suspended' ? (
                      <>
                        <Button size="small" onClick={() => void companies.resume(one.tenant).then(reload, trouble)}>
                          {t('company.resume')}
                        </Button>
                        <Button size="small" type="text" danger onClick={() => setDeleting(one.tenant)}>
                          {t('leave.open')}
                        </Button>
                      </>
                    ) : (
                      <Button size="small" type="text" danger onClick={() => suspend(one)}>
                        {t('company.suspend')}
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      ) : null}
      {deleting ? (
        <DeleteCompany
          tenant={deleting}
          onClose={() => {
            setDeleting(null)
            reload()
          }}
        />
      ) : null}
      {adding ? (
        <AddCompany
          onClose={() => setAdding(false)}
          onMade={(one) => {
            setMade(one)
            setAdding(false)
            reload()
          }}
        />
      ) : null}
    </Page>
  )
}
