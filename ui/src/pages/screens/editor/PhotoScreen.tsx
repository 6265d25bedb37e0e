/** A photo with values on it in a minute: take it, tap, choose the point, done. */
import { Button, Input } from 'antd'
import { type DragEvent, useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../../components/Icon'
import { navigate } from '../../../components/navigation'
import { ErrorNote } from '../../../components/notes'
import { Page } from '../../../components/Page'
import { inLanguage, useLanguageCode } from '../../../components/preferences'
import { useAsk } from '../../../components/useAsk'
import { assets } from '../../../core/assets'
import { asProblem, askJson } from '../../../core/http'
import { screenLink } from '../../../core/route'
import type { ScreenItem } from '../../../core/screens'
import type { Problem } from '../../../wire/api'
import { drawing } from './calls'
import { PHOTO, named, photoScreen } from './pins'
import { PhotoSheet } from './PhotoSheet'
import { type Shrunk, shrunk } from './shrink'

/** `asset`: whose photo it is; its points are offered first, and its name is the title. */
export function PhotoScreen({ asset = '' }: { asset?: string }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const of = useAsk(asset ? `asset:${asset}` : null, (signal) => assets.get(asset, signal))
  const line = of.data?.line
  const [photo, setPhoto] = useState<Shrunk | null>(null)
  const [items, setItems] = useState<readonly ScreenItem[]>([])
  const [typed, setTyped] = useState<string | null>(null)
  const [broken, setBroken] = useState(false)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const url = useMemo(() => (photo ? URL.createObjectURL(photo.content) : ''), [photo])
  useEffect(() => () => URL.revokeObjectURL(url), [url])
  const title = typed ?? (line ? inLanguage(language, line.title, line.title_zh) || line.asset : '')

  const take = async (file: File | undefined) => {
    if (!file) return
    setBroken(false)
    try {
      setPhoto(await shrunk(file))
    } catch {
      setBroken(true)
    }
  }
  const save = async () => {
    if (!photo) return
    setBusy(true)
    setProblem(null)
    try {
      const there = await askJson<{ screen: string }[]>('/screens')
      const name = named(asset || title || 'photo', there.map((one) => one.screen))
      const words = typed === null && line ? { title: line.title, title_zh: line.title_zh } : language === 'zh' ? { title_zh: title } : { title }
      await drawing.put(name, { screen: photoScreen(name, words, [photo.width, photo.height], items) }, 0)
      await drawing.putFile(name, PHOTO, photo.content)
      navigate(screenLink(name))
    } catch (error) {
      setProblem(asProblem(error))
      setBusy(false)
    }
  }

  if (!photo) {
    return (
      <Page title={t('drawing.photoTitle')}>
        <ol className="photo-steps">
          <li>
            <b>{t('drawing.photoStep1')}</b> {t('drawing.photoStep1Text')}
          </li>
          <li>
            <b>{t('drawing.photoStep2')}</b> {t('drawing.photoStep2Text')}
          </li>
          <li>
            <b>{t('drawing.photoStep3')}</b>
          </li>
        </ol>
        <PhotoTake onTake={(file) => void take(file)} />
        {broken ? (
          <p className="bad-text" role="alert">
            {t('drawing.photoBroken')}
          </p>
        ) : null}
      </Page>
    )
  }
  return (
    <Page
      title={title || t('drawing.photoTitle')}
      sub={items.length ? t('drawing.photoValues', { n: items.length }) : t('drawing.photoStep2')}
      tools={
        <>
          <Button onClick={() => (setPhoto(null), setItems([]))}>{t('drawing.photoAgain')}</Button>
          <Button type="primary" loading={busy} onClick={() => void save()}>
            {t('common.save')}
          </Button>
        </>
      }
    >
      {problem ? <ErrorNote problem={problem} /> : null}
      <label className="draw-field photo-name">
        <span>{t('drawing.photoName')}</span>
        <Input value={title} onChange={(event) => setTyped(event.target.value)} maxLength={200} />
      </label>
      <PhotoSheet url={url} size={[photo.width, photo.height]} items={items} asset={asset} onItems={setItems} />
    </Page>
  )
}

/** Camera, file, or something dropped here. */
function PhotoTake({ onTake }: { onTake: (file: File | undefined) => void }) {
  const { t } = useTranslation()
  const drop = (event: DragEvent) => {
    event.preventDefault()
    onTake(event.dataTransfer.files[0])
  }
  return (
    <>
      <label className="asset-drop photo-drop photo-camera">
        <Icon name="image" size={28} />
        <b>{t('drawing.photoCamera')}</b>
        <input className="sr" type="file" accept="image/*" capture="environment" onChange={(event) => onTake(event.target.files?.[0])} />
      </label>
      <label className="asset-drop photo-drop" onDragOver={(event) => event.preventDefault()} onDrop={drop}>
        <Icon name="folder" size={28} />
        <b>{t('drawing.photoChoose')}</b>
        <input className="sr" type="file" accept="image/*" onChange={(event) => onTake(event.target.files?.[0])} />
      </label>
    </>
  )
}
