/** One screen for somebody without an account: what a link opens. Its secret stands behind # and reaches no server's log. */
import { useCallback, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote, Waiting } from '../../components/notes'
import { useTitle } from '../../components/Page'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { ScreenSheet } from '../../components/screen/ScreenSheet'
import { StateMark } from '../../components/StateMark'
import { useReachable } from '../../components/useLive'
import { asProblem } from '../../core/http'
import { live } from '../../core/live'
import { asked, EACH_MS, isPassing, opened, pastOf, type Shown } from '../../core/shown'
import { clock } from '../../core/time'
import type { Problem } from '../../wire/api'

export default function ShownPage() {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const online = useReachable()
  const [shown, setShown] = useState<Shown | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const token = location.hash.slice(1)
  useEffect(() => {
    const over = (error: unknown): void => setProblem(asProblem(error))
    live.through(() => asked(() => opened(token, false), over))
    let timer: ReturnType<typeof setTimeout> | undefined
    let left = false
    const open = (): Promise<void> =>
      opened(token, true).then(
        (made) => (setShown(made), setProblem(null)),
        (error: unknown) => {
          over(error)
          if (isPassing(error) && !left) timer = setTimeout(() => void open(), EACH_MS)
        },
      )
    void open()
    return () => {
      left = true
      clearTimeout(timer)
      live.stop()
    }
  }, [token])
  const whole = shown?.answer
  const past = useCallback((item: string) => (_names: string[], _start: string, _end: string, width: number, signal?: AbortSignal) => pastOf(token, item, width, signal), [token])
  const title = whole ? inLanguage(language, whole.screen.title, whole.screen.title_zh) || whole.screen.screen : t('screen.shown')
  useTitle(title)
  return (
    <main className="scr-wall">
      <header>
        <b>{title}</b>
        {online ? null : <StateMark state="stale" label={t('screen.offline')} />}
        {shown ? <span className="muted">{t('screen.shownUntil', { at: clock(shown.ends_us, Date.now(), { date: true }) })}</span> : null}
      </header>
      <div>{problem ? <ErrorNote problem={problem} /> : whole ? <ScreenSheet whole={whole} fill open={null} pictures={shown.pictures} pastOf={past} /> : <Waiting rows={8} />}</div>
    </main>
  )
}
