/** One screen that is kept, with its variables on top. */
import { App as AntApp, Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, navigate } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { inLanguage, useLanguageCode, usePreferences } from '../../components/preferences'
import { Findings } from '../../components/screen/Findings'
import { ScreenSheet } from '../../components/screen/ScreenSheet'
import { Variables } from '../../components/screen/Variables'
import { useAsk } from '../../components/useAsk'
import { useTrouble } from '../../components/useTrouble'
import { mayDescribe, maySeeGrants } from '../../core/assets'
import { screenLink } from '../../core/route'
import { saveAs } from '../../core/save'
import { screens } from '../../core/screencalls'
import { LinksDialog } from './LinksDialog'
import { useChosen } from './useChosen'

export function ScreenView({ name }: { name: string }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { session } = usePreferences()
  const { modal } = AntApp.useApp()
  const trouble = useTrouble()
  const [chosen, choose] = useChosen()
  const [linking, setLinking] = useState(false)
  const { data, error, reload } = useAsk(`screen:${name}:${JSON.stringify(chosen)}`, (signal) => screens.get(name, chosen, signal))
  if (!data) return <Page title={name}>{error ? <ErrorNote problem={error} retry={reload} /> : <Waiting rows={8} />}</Page>
  const may = mayDescribe(session)
  const wall = () => {
    void document.documentElement.requestFullscreen?.().catch(() => undefined) // some browsers have none: it is large all the same
    const asked = new URLSearchParams({ ...chosen, wall: '1' })
    navigate(`${screenLink(name)}?${asked}`)
  }
  const drop = () =>
    modal.confirm({
      title: t('screen.dropTitle', { name }),
      content: t('screen.dropText'),
      okText: t('screen.drop'),
      okButtonProps: { danger: true },
      onOk: () => screens.drop(name).then(() => navigate('/screens'), trouble),
    })
  return (
    <Page
      title={inLanguage(language, data.screen.title, data.screen.title_zh) || name}
      sub={
        <span className="sub-line">
          <Link href="/screens">{t('nav.screens')}</Link> <code>{name}</code>
          <span>{data.changed_by ? t('screen.revision', { n: data.revision, by: data.changed_by }) : ''}</span>
        </span>
      }
      tools={
        <>
          <Button onClick={wall}>{t('screen.wall')}</Button>
          {data.text ? <Button onClick={() => saveAs(`${name}.yaml`, data.text, 'application/yaml')}>{t('screen.text')}</Button> : null}
          {maySeeGrants(session) ? <Button onClick={() => setLinking(true)}>{t('screen.links')}</Button> : null}
          {may ? <Button onClick={() => navigate(screenLink(name, 'edit'))}>{t('screen.edit')}</Button> : null}
          {may ? (
            <Button danger type="text" onClick={drop}>
              {t('screen.drop')}
            </Button>
          ) : null}
        </>
      }
    >
      <Variables whole={data} onChoose={choose} />
      {linking ? <LinksDialog screen={name} chosen={data.chosen} onClose={() => setLinking(false)} /> : null}
      <Findings found={data.findings} />
      {data.hidden?.length ? <p className="muted small">{t('screen.partly')}</p> : null}
      <div className={data.screen.photo ? 'scr-place' : 'scr-place is-narrow'}>
        <ScreenSheet whole={data} />
      </div>
    </Page>
  )
}
