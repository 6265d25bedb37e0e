/** The photo itself: a tap places a value, another one on it changes or takes it away; values are live at once. */
import { Button, Modal } from 'antd'
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ScreenItemView } from '../../../components/screen/ScreenItemView'
import { SheetContext } from '../../../components/screen/SheetContext'
import { useAsk } from '../../../components/useAsk'
import type { ScreenItem } from '../../../core/screens'
import { drawing } from './calls'
import { PhotoPick } from './PhotoPick'
import { pin, type Pinned, showing } from './pins'
import { spotOn } from './spot'
import { useShared } from './useShared'

export interface PhotoSheetProps {
  url: string
  size: readonly [number, number]
  items: readonly ScreenItem[]
  asset: string
  onItems: (items: readonly ScreenItem[]) => void
}

type Asked = { spot: readonly [number, number]; id: string | null }

const STILL = 6 // CSS pixels that a finger may wander

export function PhotoSheet({ url, size, items, asset, onItems }: PhotoSheetProps) {
  const { t } = useTranslation()
  const [asked, setAsked] = useState<Asked | null>(null)
  const sheet = useRef<SVGSVGElement>(null)
  const pulled = useRef<{ id: string; x: number; y: number; at: readonly number[]; strayed: boolean } | null>(null)
  const [moving, setMoving] = useState<readonly ScreenItem[] | null>(null)
  const shown = moving ?? items
  const refs = items.map((item) => item.shows?.value ?? '').join('\n')
  const known = useAsk(items.length ? `pins:${refs}` : null, (signal) => drawing.check('photo', { screen: { screen: 'photo', items: [...items] } }, signal))
  const [told, setTold] = useState(known.data)
  useEffect(() => {
    if (known.data) setTold(known.data)
  }, [known.data])
  const shared = useShared('photo', told)

  const spotOf = (event: { clientX: number; clientY: number }): [number, number] => spotOn(sheet.current, event) ?? [0, 0]
  const place = (point: Pinned) => {
    if (!asked) return
    onItems(asked.id ? items.map((item) => (item.id === asked.id ? { id: item.id, is: item.is, ...(item.at ? { at: item.at } : {}), ...showing(point) } : item)) : [...items, pin(items, asked.spot, size, point)])
    setAsked(null)
  }
  const onDown = (event: PointerEvent, item: ScreenItem) => {
    event.stopPropagation()
    sheet.current?.setPointerCapture(event.pointerId)
    const [x, y] = spotOf(event)
    pulled.current = { id: item.id, x, y, at: item.at ?? [0, 0, 0, 0], strayed: false }
  }
  const onMove = (event: PointerEvent) => {
    const held = pulled.current
    if (!held) return
    const [x, y] = spotOf(event)
    const scale = sheet.current?.getScreenCTM()?.a ?? 1
    if (!held.strayed && Math.hypot(x - held.x, y - held.y) * scale < STILL) return
    held.strayed = true
    const [x0 = 0, y0 = 0, w = 0, h = 0] = held.at
    const within = (n: number, part: number, whole: number) => Math.round(Math.min(Math.max(0, n), whole - part))
    setMoving(items.map((item) => (item.id === held.id ? { ...item, at: [within(x0 + x - held.x, w, size[0]), within(y0 + y - held.y, h, size[1]), w, h] } : item)))
  }
  const onUp = () => {
    const held = pulled.current
    pulled.current = null
    if (held && !held.strayed) setAsked({ spot: [held.x, held.y], id: held.id })
    else if (moving) onItems(moving)
    setMoving(null)
  }
  const onKey = (event: KeyboardEvent, item: ScreenItem) => {
    if (event.key !== 'Enter' && event.key !== ' ') return
    event.preventDefault()
    setAsked({ spot: [0, 0], id: item.id })
  }
  const picked = asked?.id ? items.find((item) => item.id === asked.id) : undefined
  return (
    <SheetContext.Provider value={shared}>
      <svg ref={sheet} className="photo-sheet" viewBox={`0 0 ${size[0]} ${size[1]}`} role="group" aria-label={t('drawing.photoAlt')} onClick={(event) => event.target instanceof SVGImageElement && setAsked({ spot: spotOf(event), id: null })} onPointerMove={onMove} onPointerUp={onUp} onPointerCancel={() => ((pulled.current = null), setMoving(null))}>
        <image href={url} width={size[0]} height={size[1]} />
        {shown.map((item) => (
          <g key={item.id} className="photo-pin" role="button" tabIndex={0} aria-label={item.shows?.value} onPointerDown={(event) => onDown(event, item)} onKeyDown={(event) => onKey(event, item)}>
            <ScreenItemView item={item} gone="" />
            <rect className="draw-grip" x={item.at?.[0]} y={item.at?.[1]} width={item.at?.[2]} height={item.at?.[3]} />
          </g>
        ))}
      </svg>
      <p className="bar">
        <Button onClick={() => setAsked({ spot: [size[0] / 2, size[1] / 2], id: null })}>{t('drawing.photoAdd')}</Button>
        <span className="muted">{t('drawing.photoStep2Text')}</span>
      </p>
      <Modal open={asked !== null} title={t('drawing.photoPick')} onCancel={() => setAsked(null)} destroyOnHidden footer={picked ? <Button danger onClick={() => (onItems(items.filter((item) => item.id !== picked.id)), setAsked(null))}>{t('drawing.photoCancel')}</Button> : null}>
        <PhotoPick asset={asset} now={picked?.shows?.value ?? ''} onPick={place} />
      </Modal>
    </SheetContext.Provider>
  )
}
