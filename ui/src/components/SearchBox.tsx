/** Search over assets, points, devices and pages; arrows and Enter. */
import { Modal } from 'antd'
import { type KeyboardEvent, useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type AssetLine, assets } from '../core/assets'
import { devices, points } from '../core/calls'
import { unitText } from '../core/format'
import { fullTitle } from '../core/spoken'
import { assetLink, deviceLink, pointLink } from '../core/route'
import type { DeviceRow, Point } from '../wire/api'
import { Icon, type IconName } from './Icon'
import { navigate } from './navigation'
import { inLanguage, useLanguageCode } from './preferences'

interface Hit {
  key: string
  icon: IconName
  title: string
  sub: string
  href: string
}

const PAGES = ['overview', 'assets', 'trends', 'work', 'sql', 'connect', 'system'] as const

export function SearchBox({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [text, setText] = useState('')
  const [found, setFound] = useState<Point[]>([])
  const [things, setThings] = useState<AssetLine[]>([])
  const [rows, setRows] = useState<DeviceRow[]>([])
  const [at, setAt] = useState(0)

  useEffect(() => {
    const stop = new AbortController()
    devices.list(stop.signal).then(setRows, () => undefined)
    return () => stop.abort()
  }, [])

  useEffect(() => {
    const stop = new AbortController()
    const timer = setTimeout(() => {
      const want = text.trim()
      if (want) assets.list({ search: want, limit: 6 }, stop.signal).then((answer) => setThings(answer.assets), () => undefined)
      else setThings([])
      points.list({ search: want, limit: 12 }, stop.signal).then((answer) => setFound(answer.points), () => undefined)
    }, 120)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [text])

  const hits = useMemo<Hit[]>(() => {
    const want = text.trim().toLowerCase()
    const fits = (...words: string[]) => !want || words.some((word) => word.toLowerCase().includes(want))
    return [
      ...PAGES.filter((page) => fits(page, t(`nav.${page}`))).map((page) => ({ key: `page ${page}`, icon: page, title: t(`nav.${page}`), sub: t('search.page'), href: page === 'overview' ? '/' : `/${page}` })),
      ...things.map((line) => ({ key: `asset ${line.asset}`, icon: 'assets' as const, title: inLanguage(language, line.title, line.title_zh) || line.asset, sub: [t('search.asset'), line.asset, line.code].filter(Boolean).join(' · '), href: assetLink(line.asset) })),
      ...rows.filter((row) => fits(row.device, row.title, row.title_zh ?? '')).slice(0, 6).map((row) => ({ key: `device ${row.device}`, icon: 'connect' as const, title: inLanguage(language, row.title, row.title_zh) || row.device, sub: `${t('word.device')} · ${row.device} · ${row.driver}`, href: deviceLink(row.device) })),
      ...found.map((point) => ({ key: `point ${point.name}`, icon: 'trends' as const, title: fullTitle(language, point), sub: [point.name, unitText(point.unit)].filter(Boolean).join(' · '), href: pointLink(point.name) })),
    ]
  }, [text, things, rows, found, t, language])

  useEffect(() => setAt(0), [text])

  const go = (hit: Hit | undefined) => {
    if (!hit) return
    onClose()
    navigate(hit.href)
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setAt((n) => Math.min(n + 1, hits.length - 1))
    else if (event.key === 'ArrowUp') setAt((n) => Math.max(n - 1, 0))
    else if (event.key === 'Enter') go(hits[at])
    else return
    event.preventDefault()
  }
  return (
    <Modal open onCancel={onClose} footer={null} closable={false} width={620} style={{ top: 72 }} className="search-modal" aria-label={t('top.search')}>
      <input
        className="search-input"
        autoFocus
        value={text}
        placeholder={t('top.search')}
        aria-label={t('top.search')}
        role="combobox"
        aria-expanded="true"
        aria-controls="search-hits"
        aria-activedescendant={hits[at] ? `hit-${at}` : undefined}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKey}
      />
      <ul className="search-hits" id="search-hits" role="listbox">
        {hits.map((hit, i) => (
          <li key={hit.key} id={`hit-${i}`} role="option" aria-selected={i === at} className={i === at ? 'is-at' : ''} onMouseEnter={() => setAt(i)} onClick={() => go(hit)}>
            <Icon name={hit.icon} size={16} />
            <span className="search-title">{hit.title}</span>
            <span className="search-sub">{hit.sub}</span>
          </li>
        ))}
        {hits.length === 0 ? <li className="search-none">{t('search.none')}</li> : null}
      </ul>
    </Modal>
  )
}
