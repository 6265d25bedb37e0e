/** The server is lost: say so, say since when, and that it is being tried. */
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { health } from '../core/calls'
import { span } from '../core/format'
import { useLanguageCode } from './preferences'
import { StateMark } from './StateMark'
import { useNow, useReachable } from './useLive'

const ASK_MS = 5000

export function OfflineBar() {
  const online = useReachable()
  // Not every page asks by itself: one that only waits for a person must know all the same.
  useEffect(() => {
    if (!online) return
    const timer = setInterval(() => {
      if (!document.hidden) void health().catch(() => undefined)
    }, ASK_MS)
    return () => clearInterval(timer)
  }, [online])
  return online ? null : <Lost />
}

function Lost() {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [since] = useState(() => Date.now())
  const now = useNow()
  useEffect(() => {
    const timer = setInterval(() => void health().catch(() => undefined), 2000)
    return () => clearInterval(timer)
  }, [])
  return (
    <div className="offline" role="status">
      <StateMark state="stale" word={false} />
      <span>{t('offline.text', { span: span((now - since) / 1000, language) })}</span>
    </div>
  )
}
