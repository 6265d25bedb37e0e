/** Every screen that is kept, each with a small picture of what is where on it; and the overviews that are there without drawing. */
import { Button, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, navigate } from '../../components/navigation'
import { Empty, ErrorNote, Waiting } from '../../components/notes'
import { Page } from '../../components/Page'
import { Icon } from '../../components/Icon'
import { inLanguage, useLanguageCode, usePreferences } from '../../components/preferences'
import { StateMark } from '../../components/StateMark'
import { useAsk } from '../../components/useAsk'
import { mayDescribe } from '../../core/assets'
import { screenLink, typeLink } from '../../core/route'
import { type ScreenLine, screens } from '../../core/screencalls'
import { types } from '../../core/types'

const NAME = /^[\p{L}\p{N}_](?:[\p{L}\p{N}_-]{0,62}[\p{L}\p{N}_])?$/u

export function ScreenList() {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const { session } = usePreferences()
  const { data, error, reload } = useAsk('screens', screens.list)
  const made = useAsk('types', types.list)
  const [making, setMaking] = useState<string | null>(null)
  const used = (made.data ?? []).filter((line) => line.assets > 0)
  const may = mayDescribe(session)
  return (
    <Page
      title={t('nav.screens')}
      sub={t('screen.sub')}
      tools={
        may ? (
          <>
            <Button icon={<Icon name="image" size={15} />} onClick={() => navigate('/screens?photo=1')}>
              {t('screen.fromPhoto')}
            </Button>
            <Button type="primary" icon={<Icon name="plus" size={15} />} onClick={() => setMaking('')}>
              {t('screen.new')}
            </Button>
          </>
        ) : null
      }
    >
      {error ? <ErrorNote problem={error} retry={reload} /> : null}
      {!data && !error ? <Waiting rows={6} /> : null}
      {data && data.length === 0 ? <Empty icon="screens" title={t('screen.none')} advice={t('screen.noneText')} /> : null}
      <div className="scr-cards">
        {data?.map((line) => (
          <Link key={line.screen} href={screenLink(line.screen)} className="scr-card">
            <Small line={line} />
            <b>{inLanguage(language, line.title, line.title_zh) || line.screen}</b>
            <p className="muted small">
              <code>{line.screen}</code> · {t('screen.counts', { items: line.items, points: line.points })}
            </p>
            {line.missing ? <StateMark state="uncertain" label={t('screen.missing', { n: line.missing })} /> : null}
          </Link>
        ))}
      </div>
      {used.length ? (
        <section className="scr-made">
          <h2>{t('screen.overviews')}</h2>
          <p className="muted">{t('screen.overviewsText')}</p>
          <ul>
            {used.map((line) => (
              <li key={line.type}>
                <Link href={`${typeLink(line.type)}?tab=overview`}>{inLanguage(language, line.title, line.title_zh) || line.type}</Link> <span className="muted num">{line.assets}</span>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <Modal open={making !== null} title={t('screen.new')} okText={t('screen.draw')} okButtonProps={{ disabled: !NAME.test(making ?? '') }} onCancel={() => setMaking(null)} onOk={() => navigate(screenLink(making ?? '', 'new'))}>
        <label htmlFor="screen-name">{t('screen.name')}</label>
        <Input id="screen-name" value={making ?? ''} onChange={(e) => setMaking(e.target.value.trim())} placeholder="pumphouse" />
      </Modal>
    </Page>
  )
}

/** Boxes where items are: enough to know a screen again. */
function Small({ line }: { line: ScreenLine }) {
  const [w, h] = [line.size[0] ?? 1, line.size[1] ?? 1]
  return (
    <svg className="scr-small" viewBox={`0 0 ${w} ${h}`} preserveAspectRatio="xMidYMid meet" aria-hidden="true">
      {line.symbols.map(([what, x, y, wide, high], at) => (
        <rect key={`${what}${at}`} x={x * w} y={y * h} width={wide * w} height={high * h} rx={4} vectorEffect="non-scaling-stroke" />
      ))}
    </svg>
  )
}
