/** The public page: a company applies, and sees by its secret link how that stands. Nothing of others is told here. */
import { Button, Input } from 'antd'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Age } from '../../components/Age'
import { CopyButton } from '../../components/CopyButton'
import { Icon } from '../../components/Icon'
import { ErrorNote, Waiting } from '../../components/notes'
import { inLanguage, usePreferences } from '../../components/preferences'
import { useAsk } from '../../components/useAsk'
import { WishFields } from '../../components/WishFields'
import { applicantLink, applying, NO_WISH, readReceipt, type Receipt } from '../../core/desk'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'

export default function ApplyPage() {
  const { t } = useTranslation()
  const { language, setLanguage } = usePreferences()
  const [receipt, setReceipt] = useState<Receipt | null>(() => readReceipt(location.hash))
  const [fresh, setFresh] = useState(false)
  return (
    <div className="signin">
      <div className="signin-tools">
        <Button type="text" icon={<Icon name="language" />} onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}>
          {language === 'zh' ? 'English' : '简体中文'}
        </Button>
      </div>
      <main className="signin-box apply-box">
        <h1>{t('apply.title')}</h1>
        {receipt ? (
          <State receipt={receipt} fresh={fresh} />
        ) : (
          <Form
            onSent={(made) => {
              history.replaceState(null, '', applicantLink(made))
              setFresh(true)
              setReceipt(made)
            }}
          />
        )}
        <p className="apply-foot">
          <a href="/">{t('apply.toSignIn')}</a>
        </p>
      </main>
    </div>
  )
}

function Form({ onSent }: { onSent: (receipt: Receipt) => void }) {
  const { t } = useTranslation()
  const page = useAsk('apply', applying.page)
  const [form, setForm] = useState(NO_WISH)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [sending, setSending] = useState(false)
  if (!page.data) return page.error ? <ErrorNote problem={page.error} retry={page.reload} /> : <Waiting rows={6} />
  if (!page.data.open) return <p>{t('apply.closed')}</p>
  const send = async () => {
    setProblem(null)
    setSending(true)
    try {
      onSent(await applying.apply(form))
    } catch (error) {
      setProblem(asProblem(error))
    }
    setSending(false)
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
    >
      <p className="muted">{t('apply.text')}</p>
      <WishFields
        form={form}
        onChange={setForm}
        regions={page.data.regions.map((one) => ({ value: one.region, title: one.title, title_zh: one.title_zh }))}
        packages={page.data.packages.map((one) => ({ value: one.package, title: `${one.title} – ${one.text}`, title_zh: `${one.title_zh} – ${one.text_zh}` }))}
      />
      {problem ? <ErrorNote problem={problem} /> : null}
      <Button type="primary" htmlType="submit" loading={sending} disabled={!form.credit_code || !form.contact || !(form.title || form.title_zh) || !(form.phone || form.email)}>
        {t('apply.send')}
      </Button>
    </form>
  )
}

function State({ receipt, fresh }: { receipt: Receipt; fresh: boolean }) {
  const { t } = useTranslation()
  const { language } = usePreferences()
  const { data, error, reload } = useAsk('apply-state', () => applying.state(receipt))
  const [text, setText] = useState('')
  const [problem, setProblem] = useState<Problem | null>(null)
  const link = applicantLink(receipt)
  const answer = async () => {
    setProblem(null)
    try {
      await applying.answer(receipt, text)
      setText('')
      reload()
    } catch (caught) {
      setProblem(asProblem(caught))
    }
  }
  if (!data) return error ? <ErrorNote problem={error} retry={reload} /> : <Waiting rows={4} />
  return (
    <>
      {fresh ? (
        <Note>
          {t('apply.keep')} <code>{link}</code> <CopyButton text={link} />
        </Note>
      ) : null}
      <h2>{inLanguage(language, data.title, data.title_zh)}</h2>
      <p>
        <b>{t(`apply.state.${data.state}` as 'apply.state.new')}</b> · {data.credit_code} · {t('apply.reference')} <code>{data.reference}</code>
      </p>
      {data.state === 'approved' ? <p>{t('apply.approvedText', { tenant: data.tenant, admin: data.admin })}</p> : null}
      <ul className="ways">
        {data.said.map((one) => (
          <li key={one.time_us + one.what}>
            <span className="ways-main">
              <span>
                {t(`desk.step.${one.what}` as 'desk.step.made')} · <Age us={one.time_us} />
              </span>
              {one.text ? <span>{one.text}</span> : null}
            </span>
          </li>
        ))}
      </ul>
      {data.state === 'asked' ? (
        <>
          <Input.TextArea rows={3} maxLength={2000} value={text} aria-label={t('apply.answer')} placeholder={t('apply.answer')} onChange={(e) => setText(e.target.value)} />
          {problem ? <ErrorNote problem={problem} /> : null}
          <Button type="primary" disabled={!text.trim()} onClick={() => void answer()}>
            {t('apply.answer')}
          </Button>
        </>
      ) : null}
    </>
  )
}

function Note({ children }: { children: ReactNode }) {
  return (
    <p className="token-made" role="status">
      {children}
    </p>
  )
}
