/** The frame around every page: who, which language, which theme, which address. */
import { App as AntApp, ConfigProvider } from 'antd'
import en from 'antd/locale/en_US'
import zh from 'antd/locale/zh_CN'
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { type Preferences, PreferencesContext } from '../components/preferences'
import { session as sessionCalls } from '../core/calls'
import type { Language } from '../core/format'
import { asProblem, onExpired } from '../core/http'
import { live } from '../core/live'
import { accentOf, askedRegion, looks } from '../core/look'
import type { Theme } from '../core/palette'
import { endVisit, visited } from '../core/visit'
import { setLanguage as speak } from '../core/words'
import type { Problem, Session } from '../wire/api'
import type { Looks } from '../wire/desk'
import { antdTheme } from './antdTheme'
import { Signed } from './Signed'
import { SignIn } from './SignIn'
import { Starting } from './Starting'

const ApplyPage = lazy(() => import('./apply/ApplyPage'))
const ShownPage = lazy(() => import('./screens/ShownPage'))

/** Something has to be done before anything else. */
const unfinished = (session: Session): boolean => Boolean(session.must_set_password || session.must_set_factor || session.must_show_factor || session.set_up)

function firstTheme(): Theme {
  return document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light'
}

export function App({ firstLanguage }: { firstLanguage: Language }) {
  const [theme, setThemeState] = useState<Theme>(firstTheme)
  const [language, setLanguageState] = useState<Language>(firstLanguage)
  const [session, setSession] = useState<Session | null | undefined>(undefined)
  const [trouble, setTrouble] = useState<Problem | null>(null)

  const setTheme = useCallback((next: Theme) => {
    document.documentElement.dataset.theme = next
    try {
      localStorage.setItem('baigong.theme', next)
    } catch {
      // Storage blocked: the choice lasts until the page is closed.
    }
    setThemeState(next)
  }, [])

  const user = session?.must_set_password ? undefined : session?.user
  const chosen = useRef<Language | null>(null) // before signing in, in this visit
  const setLanguage = useCallback(
    (next: Language) => {
      void speak(next).then(() => setLanguageState(next))
      if (user) sessionCalls.setLanguage(next).catch(() => undefined) // this browser keeps it all the same
      else chosen.current = next
    },
    [user],
  )

  const look = useCallback(async () => {
    try {
      setSession(await sessionCalls.get())
      setTrouble(null)
    } catch (error) {
      const problem = asProblem(error)
      if (problem.code === 'client.offline') setTrouble(problem)
      else {
        setTrouble(null)
        setSession(null)
      }
    }
  }, [])

  const came = useCallback(
    (made: Session | null) => {
      setSession(made)
      if (made && visited()) void look() // what one may there, not at home
    },
    [look],
  )

  useEffect(() => {
    onExpired(() => setSession(null))
    void look()
  }, [look])

  // Only before the first answer: later the pages themselves show the last values, greyed.
  useEffect(() => {
    if (!trouble || session !== undefined) return
    const timer = setInterval(() => void look(), 2000)
    return () => clearInterval(timer)
  }, [trouble, session, look])

  // What somebody chose on the sign-in page is kept with them; else their own language comes with them.
  const theirs = session?.language
  useEffect(() => {
    if (!user) return
    const wanted = chosen.current
    chosen.current = null
    if (wanted) sessionCalls.setLanguage(wanted).catch(() => undefined)
    else if (theirs === 'en' || theirs === 'zh') void speak(theirs).then(() => setLanguageState(theirs))
  }, [user, theirs])

  const hasDemo = session?.demo ?? false

  const signOut = useCallback(() => {
    live.stop()
    endVisit()
    const ended = (url?: string) => {
      setSession(null)
      if (url) location.assign(url) // the company's provider ends its own session there
    }
    sessionCalls.close().then((said) => ended(said?.url), () => ended())
  }, [])

  const region = session ? (session.region ?? '') : askedRegion(location.search)
  const [shown, setShown] = useState<Looks | null>(null)
  useEffect(() => {
    if (session === undefined) return
    looks(region).then(setShown, () => setShown(null))
  }, [session === undefined, region])
  const accent = accentOf(shown, theme)
  useEffect(() => {
    if (accent) document.documentElement.style.setProperty('--accent', accent)
    else document.documentElement.style.removeProperty('--accent')
  }, [accent])

  const preferences = useMemo<Preferences>(
    () => ({ theme, setTheme, language, setLanguage, session: session ?? null, look: shown, hasDemo, signOut }),
    [theme, setTheme, language, setLanguage, session, shown, hasDemo, signOut],
  )
  const dress = useMemo(() => antdTheme(theme, accent), [theme, accent])
  return (
    <ConfigProvider locale={language === 'zh' ? zh : en} theme={dress} wave={{ disabled: true }} button={{ autoInsertSpace: false }}>
      <AntApp component={false}>
        <PreferencesContext.Provider value={preferences}>
          {location.pathname === '/apply' || location.pathname === '/shown' ? <Suspense fallback={<Starting problem={null} />}>{location.pathname === '/apply' ? <ApplyPage /> : <ShownPage />}</Suspense> : session === undefined ? <Starting problem={trouble} /> : session === null || unfinished(session) ? <SignIn session={session} onSession={came} /> : <Signed />}
        </PreferencesContext.Provider>
      </AntApp>
    </ConfigProvider>
  )
}
