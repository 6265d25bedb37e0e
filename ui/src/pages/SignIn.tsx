/** Sign-in, whichever way; at the first one, a password of one's own and the names of the company. */
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { BrandMark, BrandName } from '../components/Brand'
import { Icon } from '../components/Icon'
import { usePreferences } from '../components/preferences'
import { useAsk } from '../components/useAsk'
import { session as calls } from '../core/calls'
import { applying } from '../core/desk'
import type { Session } from '../wire/api'
import { SignInFactor } from './SignInFactor'
import { SignInPassword } from './SignInPassword'
import { SignInSetUp } from './SignInSetUp'
import { SignInWays } from './SignInWays'

/** Shown where the operator takes applications. */
function ApplyLink() {
  const { t } = useTranslation()
  const { data } = useAsk('apply', applying.page)
  return data?.open ? (
    <p className="apply-foot">
      <a href="/apply">{t('apply.title')}</a>
    </p>
  ) : null
}

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
          <BrandMark size={44} />
          <div>
            <h1>
              <BrandName />
            </h1>
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
        {session ? null : <ApplyLink />}
        {session ? (
          <Button type="link" className="signin-leave" onClick={signOut}>
            {t('top.signOut')}
          </Button>
        ) : null}
      </main>
    </div>
  )
}
