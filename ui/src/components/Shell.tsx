/** Rail, top bar, page. On a phone the rail lies at the bottom. */
import { Button, Dropdown } from 'antd'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { mayRead, maySeeAudit, maySeeCompanies, maySeePeople } from '../core/access'
import { mayReview } from '../core/desk'
import type { Route } from '../core/route'
import { maySeeUse } from '../core/use'
import { visit, visited } from '../core/visit'
import { BrandMark, BrandName } from './Brand'
import { Icon, type IconName } from './Icon'
import { Link, navigate } from './navigation'
import { OfflineBar } from './OfflineBar'
import { inLanguage, usePreferences } from './preferences'
import { SearchBox } from './SearchBox'

type Entry = { page: 'overview' | 'assets' | 'screens' | 'connect' | 'commands' | 'trends' | 'work' | 'sql' | 'access' | 'companies' | 'desk' | 'audit' | 'system' | 'demo'; href: string; icon: IconName; also?: Route['page'][] }

const RAIL: Entry[] = [
  { page: 'overview', href: '/', icon: 'overview' },
  { page: 'assets', href: '/assets', icon: 'assets', also: ['types', 'lots'] },
  { page: 'screens', href: '/screens', icon: 'screens' },
  { page: 'trends', href: '/trends', icon: 'trends', also: ['point'] },
  { page: 'work', href: '/work', icon: 'work' },
  { page: 'sql', href: '/sql', icon: 'sql' },
  { page: 'connect', href: '/connect', icon: 'connect', also: ['add', 'device', 'templates', 'sheets'] },
  { page: 'commands', href: '/commands', icon: 'command' },
  { page: 'demo', href: '/demo', icon: 'demo' },
  { page: 'access', href: '/access', icon: 'person' },
  { page: 'companies', href: '/companies', icon: 'company', also: ['use', 'desk'] },
  { page: 'desk', href: '/desk', icon: 'company' },
  { page: 'audit', href: '/audit', icon: 'audit' },
  { page: 'system', href: '/system', icon: 'system', also: ['security'] },
]

export function Shell({ page, children }: { page: Route['page']; children: ReactNode }) {
  const { t } = useTranslation()
  const { hasDemo, session } = usePreferences()
  const away = Boolean(visited())
  const operator = maySeeCompanies(session) && !away // what is about the platform waits at home
  const reads = !away || mayRead(session) // at home somebody may read a part, which the pages know
  const shown: Partial<Record<Entry['page'], boolean>> = { demo: hasDemo && !away, trends: reads, work: reads, sql: reads, access: maySeePeople(session), companies: operator, desk: mayReview(session) && !operator && !away, audit: maySeeAudit(session), system: operator }
  const entries = RAIL.filter((entry) => shown[entry.page] !== false)
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t('nav.skip')}
      </a>
      <TopBar />
      <nav className="rail" aria-label={t('nav.label')}>
        {entries.map((entry) => {
          const here = entry.page === page || entry.also?.includes(page)
          return (
            <Link key={entry.page} href={entry.href} className={`rail-entry rail-${entry.page} ${here ? 'is-here' : ''}`} aria-current={here ? 'page' : undefined}>
              <Icon name={entry.icon} size={21} />
              <span>{t(`nav.${entry.page}`)}</span>
            </Link>
          )
        })}
      </nav>
      <main className="content" id="content" tabIndex={-1}>
        <OfflineBar />
        <VisitBar />
        {children}
      </main>
    </div>
  )
}

/** Says all the time that this is another's plant. */
function VisitBar() {
  const { t } = useTranslation()
  const tenant = visited()
  if (!tenant) return null
  return (
    <p className="visit-bar" role="status">
      {t('support.visiting', { tenant })} <Button onClick={() => visit('')}>{t('support.leave')}</Button>
    </p>
  )
}

function TopBar() {
  const { t } = useTranslation()
  const { session, look, theme, setTheme, language, setLanguage, signOut } = usePreferences()
  const [searching, setSearching] = useState(false)

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && (event.target.closest('input, textarea, select, [contenteditable="true"], .cm-editor') !== null)
      if ((event.key === 'k' && (event.ctrlKey || event.metaKey)) || (event.key === '/' && !typing)) {
        event.preventDefault()
        setSearching(true)
      }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])

  return (
    <header className="top">
      <Link href="/" className="top-brand" aria-label={t('nav.overview')}>
        <BrandMark size={26} />
        <span className="top-name">
          <BrandName />
        </span>
      </Link>
      {look?.title || look?.title_zh ? (
        <span className="top-region">
          <BrandName />
        </span>
      ) : null}
      <span className="top-tenant" title={t('top.tenant')}>
        {visited() || inLanguage(language, session?.company ?? '', session?.company_zh) || session?.tenant}
      </span>
      <button type="button" className="top-search" onClick={() => setSearching(true)}>
        <Icon name="search" size={16} />
        <span>{t('top.search')}</span>
        <kbd>/</kbd>
      </button>
      <span className="top-right">
        <Button type="text" className="top-language" onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')} title={t('top.language')}>
          {language === 'zh' ? 'EN' : '中文'}
        </Button>
        <Button type="text" icon={<Icon name={theme === 'dark' ? 'sun' : 'moon'} />} title={t('top.theme')} aria-label={t('top.theme')} onClick={() => setTheme(theme === 'dark' ? 'light' : 'dark')} />
        <Dropdown
          trigger={['click']}
          menu={{
            items: [
              { key: 'who', label: `${session?.user ?? ''} · ${session?.tenant ?? ''}`, disabled: true },
              { key: 'me', label: t('top.me'), onClick: () => navigate('/me') },
              ...(maySeeUse(session) && !visited() ? [{ key: 'use', label: t('use.title'), onClick: () => navigate('/use') }] : []),
              { key: 'about', label: t('about.title'), onClick: () => navigate('/about') },
              { type: 'divider' },
              { key: 'out', label: t('top.signOut'), onClick: signOut },
            ],
          }}
        >
          <Button type="text" icon={<Icon name="person" />} aria-label={t('top.me')} title={session?.user} />
        </Dropdown>
      </span>
      {searching ? <SearchBox onClose={() => setSearching(false)} /> : null}
    </header>
  )
}
