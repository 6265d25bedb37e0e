/** `/screens/NAME/edit`: palette, sheet, properties and text of one screen; saved as one text, nothing overwritten in silence. */
import { Button, Segmented } from 'antd'
import { type DragEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, navigate } from '../../../components/navigation'
import { ErrorNote, Waiting } from '../../../components/notes'
import { Page } from '../../../components/Page'
import { inLanguage, useLanguageCode } from '../../../components/preferences'
import { ScreenItemView } from '../../../components/screen/ScreenItemView'
import { SheetContext } from '../../../components/screen/SheetContext'
import { useAsk } from '../../../components/useAsk'
import { useSize } from '../../../components/useSize'
import { asProblem } from '../../../core/http'
import { screenLink } from '../../../core/route'
import { fileOf, screens, type ScreenWhole } from '../../../core/screencalls'
import { type ScreenItem, type ScreenText, SIZE } from '../../../core/screens'
import type { Problem } from '../../../wire/api'
import { Conflict } from '../../device/Conflict'
import { Canvas } from './Canvas'
import { drawing } from './calls'
import { freePlace, laid, type What } from './fresh'
import { ItemList } from './ItemList'
import { DRAG_WHAT, Palette } from './Palette'
import { Properties } from './Properties'
import { spotOn } from './spot'
import { TextPane } from './TextPane'
import { Toolbar } from './Toolbar'
import { useEditing } from './useEditing'
import { usePictures } from './usePictures'
import { useScreenCheck } from './useScreenCheck'
import { useScreenDraft } from './useScreenDraft'
import { useShared } from './useShared'
import { useTyped } from './useTyped'

/** `from`: another screen's text, to begin a new one with. */
export function EditScreen({ name, isNew = false, from = null }: { name: string; isNew?: boolean; from?: ScreenText | null }) {
  const { data, error, reload } = useAsk(isNew ? null : `screen-text:${name}`, (signal) => screens.get(name, {}, signal))
  if (error && !data) {
    return (
      <Page title={name}>
        <ErrorNote problem={error} retry={reload} />
      </Page>
    )
  }
  if (!isNew && !data) {
    return (
      <Page title={name}>
        <Waiting rows={8} />
      </Page>
    )
  }
  return <Editor key={`${name} ${data?.revision ?? 0}`} name={name} held={data} fresh={{ ...(from ?? { size: SIZE, items: [] }), screen: name }} />
}

interface EditorProps {
  name: string
  held: ScreenWhole | null
  fresh: ScreenText
}

const FULL = 1

function Editor({ name, held, fresh }: EditorProps) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [kept, setKept] = useState(held)
  const draft = useScreenDraft(name, held)
  const edit = useEditing(draft.first ?? held?.screen ?? fresh)
  const { screen } = edit
  const checked = useScreenCheck(name, screen, held)
  const setText = useCallback((made: ScreenText) => edit.setScreen(made, 'text'), [edit.setScreen])
  const typed = useTyped(name, setText)
  const pictures = usePictures(kept ? name : null)
  const [side, setSide] = useState<'draw' | 'text'>('draw')
  const [piping, setPiping] = useState(false)
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<Problem | null>(null)
  const [theirs, setTheirs] = useState<ScreenWhole | null>(null)
  const place = useSize<HTMLDivElement>()
  const size = screen.size ?? SIZE
  const fit = place.width ? Math.min(FULL * 1.5, Math.max(0.1, place.width / size[0])) : FULL
  const [zoom, setZoom] = useState<number | null>(null)
  const told = checked.told
  const text = told?.text ?? ''
  const dirty = !kept || (checked.about === screen ? text !== kept.text : screen !== kept.screen)
  const ready = dirty && !typed.pending && !checked.problem && checked.about === screen
  useEffect(() => draft.keep(dirty && kept ? screen : null, kept?.revision ?? 0), [draft.keep, dirty, kept, screen])

  const shared = useShared(name, told)
  const gone = useMemo(() => new Map((told?.findings ?? []).map((one) => [one.item, inLanguage(language, one.message, one.message_zh)])), [told?.findings, language])
  const draw = useCallback((item: ScreenItem) => <ScreenItemView item={item} gone={gone.get(item.id) ?? ''} />, [gone])
  const lay = (what: What, at?: readonly [number, number]) => {
    const [x, y] = at ?? freePlace(edit.items, what, size)
    const item = laid(edit.items, what, x, y, t(`mimic.symbol.${what}`))
    edit.set([...edit.items, item])
    edit.choose([item.id])
  }
  const sheet = useRef<HTMLDivElement>(null)
  const drop = (event: DragEvent) => {
    const what = event.dataTransfer.getData(DRAG_WHAT)
    const spot = spotOn(sheet.current?.querySelector<SVGSVGElement>('.draw-sheet'), event)
    if (!what || !spot) return
    event.preventDefault()
    lay(what as What, spot)
  }
  const save = async (revision = kept?.revision ?? 0) => {
    setBusy(true)
    setRefused(null)
    try {
      setKept(await drawing.put(name, { screen }, revision))
      typed.type(null)
      draft.keep(null, 0)
      setTheirs(null)
    } catch (error) {
      const said = asProblem(error)
      const now = said.code === 'config.conflict' && said.place === 'revision' ? await screens.get(name).catch(() => null) : null
      if (now) setTheirs(now)
      else setRefused(said)
    } finally {
      setBusy(false)
    }
  }
  const settle = (mine: boolean) => {
    if (!theirs) return
    setKept(theirs)
    if (!mine) {
      edit.reset(theirs.screen)
      typed.type(null)
    }
    setTheirs(null)
  }
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 's' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      if (ready && !busy) void save()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  })
  const under = useMemo(() => (screen.photo ? <image href={`${fileOf(name, screen.photo)}#${pictures.stamp}`} width={size[0]} height={size[1]} preserveAspectRatio="xMidYMid slice" /> : undefined), [screen.photo, name, size, pictures.stamp])
  const link = screenLink(name)
  return (
    <Page
      title={inLanguage(language, screen.title ?? '', screen.title_zh) || name}
      sub={<code>{name}</code>}
      tools={
        <>
          <Segmented size="small" value={side} onChange={(next) => (typed.pending || typed.type(null), setSide(next as 'draw' | 'text'))} options={[{ value: 'draw', label: t('drawing.drawing') }, { value: 'text', label: t('device.text') }]} />
          {kept ? <Link href={link}>{t('drawing.look')}</Link> : null}
          <Button type="primary" disabled={!ready} loading={busy} onClick={() => void save().then(() => held === null && navigate(screenLink(name, 'edit'), { replace: true }))}>
            {t('common.save')}
          </Button>
        </>
      }
    >
      {refused ? <ErrorNote problem={refused} /> : null}
      {side === 'draw' && (typed.problem ?? checked.problem) ? <ErrorNote problem={(typed.problem ?? checked.problem) as Problem} /> : null}
      {theirs ? <Conflict title={t('drawing.conflict')} theirs={theirs.text} mine={text} onTake={() => settle(false)} onKeep={() => settle(true)} /> : null}
      {side === 'text' ? (
        <TextPane name={name} text={text} kept={kept?.text ?? ''} findings={told?.findings ?? []} typed={typed} />
      ) : (
        <div className="draw">
          <Palette onLay={lay} />
          <div className="draw-middle" ref={sheet} onDragOver={(event) => event.dataTransfer.types.includes(DRAG_WHAT) && event.preventDefault()} onDrop={drop}>
            <Toolbar edit={edit} piping={piping} onPiping={setPiping} zoom={zoom ?? fit} onZoom={(by) => setZoom(by === 'fit' ? null : Math.min(4, Math.max(0.1, (zoom ?? fit) * by)))} />
            <div className="draw-place-of-sheet" ref={place.ref}>
              <SheetContext.Provider value={shared}>
                <Canvas edit={edit} size={size} zoom={zoom ?? fit} piping={piping} draw={draw} under={under} />
              </SheetContext.Provider>
            </div>
          </div>
          <aside className="draw-side">
            <Properties edit={edit} told={told} pictures={pictures} />
            <h2>{t('drawing.items')}</h2>
            <ItemList edit={edit} />
          </aside>
        </div>
      )}
    </Page>
  )
}
