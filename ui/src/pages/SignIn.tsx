/** Sign-in, whichever way; at the first one, a password of one's own and the names of the company. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Icon } from '../components/Icon'
import { usePreferences } from '../components/preferences'
import { session as calls } from '../core/calls'
import type { Session } from '../wire/api'
import { SignInFactor } from './SignInFactor'
import { SignInPassword } from './SignInPassword'
import { SignInSetUp } from './SignInSetUp'
import { SignInWays } from './SignInWays'

export function SignIn({ session, onSession }: { session: Session | null; onSession: (session: Session) => void }) {
  const { t } = useTranslation()
  const { language, setLanguage, theme, setTheme, signOut } = usePreferences()
  const again = () => void calls.get().then(onSession)
  return (
    <div className="signin">
      <div className="signin-tools">
        <Button type="text" icon={<Icon name="language" />} onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}>
          {language === 'zh' ? 'English' : '简体中文'}
        </Button>
        <Button type="text" icon={<Icon name={theme === 'dark' ? 'sun' : 'moon'} />} aria-label={t('top.theme')} onClick={() => setTheme(theme === 'dark' ? 'light' : 'dark')} />
      </div>
      <main className="signin-box">
        <div className="signin-brand">
          <img src="/mark.svg" alt="" width={44} height={44} />
          <div>
            <h1>{t('app.name')}</h1>
            <p>{t('app.claim')}</p>
          </div>
        </div>
        {session?.must_set_password ? (
          <SignInPassword user={session.user} onDone={onSession} />
        ) : session?.must_set_factor || session?.must_show_factor ? (
          <SignInFactor show={session.must_show_factor ?? false} onDone={again} />
        ) : session?.set_up ? (
          <SignInSetUp onDone={again} />
        ) : (
          <SignInWays onDone={onSession} />
        )}
        {session ? (
          <Button type="link" className="signin-leave" onClick={signOut}>
            {t('top.signOut')}
          </Button>
        ) : null}
      </main>
    </div>
  )
}
