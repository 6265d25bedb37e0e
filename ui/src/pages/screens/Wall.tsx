/** A screen alone and large, for people three metres away; with `next` and `every` it goes on to others by itself. */
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { navigate, useSearch } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { useTitle } from '../../components/Page'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { ScreenSheet } from '../../components/screen/ScreenSheet'
import { StateMark } from '../../components/StateMark'
import { useAsk } from '../../components/useAsk'
import { useNow, useReachable } from '../../components/useLive'
import { screenLink } from '../../core/route'
import { screens } from '../../core/screencalls'
import { nextOnWall } from '../../core/wall'
import { useChosen } from './useChosen'

const ASK_MS = 60_000 // what was drawn anew meanwhile is shown

export function Wall({ name }: { name: string }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const search = useSearch()
  const [chosen] = useChosen()
  const online = useReachable()
  const now = useNow()
  const { data, error, reload } = useAsk(`wall:${name}:${JSON.stringify(chosen)}`, (signal) => screens.get(name, chosen, signal), ASK_MS)
  const title = data ? inLanguage(language, data.screen.title, data.screen.title_zh) || name : name
  useTitle(title)
  useEffect(() => {
    const next = nextOnWall(name, search)
    const timer = next ? setTimeout(() => navigate(next.href, { replace: true }), next.afterMs) : undefined
    const leave = (event: KeyboardEvent) => {
      if (event.key === 'Escape') navigate(screenLink(name), { replace: true })
    }
    window.addEventListener('keydown', leave)
    return () => {
      clearTimeout(timer)
      window.removeEventListener('keydown', leave)
    }
  }, [name, search])
  return (
    <div className="scr-wall" onDoubleClick={() => navigate(screenLink(name), { replace: true })}>
      <header>
        <b>{title}</b>
        {online ? null : <StateMark state="stale" label={t('screen.offline')} />}
        <span className="num">{new Date(now).toLocaleTimeString(language === 'zh' ? 'zh-CN' : 'en-GB')}</span>
      </header>
      <div>{data ? <ScreenSheet whole={data} fill /> : error ? <ErrorNote problem={error} retry={reload} /> : <Waiting rows={8} />}</div>
    </div>
  )
}
