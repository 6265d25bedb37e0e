/** What is said of the whole sheet. */
import { Input, InputNumber } from 'antd'
import { useTranslation } from 'react-i18next'
import { type ScreenText, SIZE } from '../../../core/screens'
import { PictureField } from './PictureField'
import { TypeField } from './TypeField'
import type { Editing } from './useEditing'
import type { Pictures } from './usePictures'
import { VariableFields } from './VariableFields'

export function SheetProperties({ edit, pictures }: { edit: Editing; pictures: Pictures }) {
  const { t } = useTranslation()
  const { screen } = edit
  const [width, height] = screen.size ?? SIZE
  const change = (field: string, made: Partial<ScreenText>) => edit.setScreen({ ...screen, ...made }, `sheet ${field}`)
  return (
    <>
      <h2>{t('drawing.sheet')}</h2>
      <label className="draw-field">
        <span>{t('drawing.titleZh')}</span>
        <Input size="small" value={screen.title_zh ?? ''} onChange={(event) => change('title_zh', { title_zh: event.target.value })} />
      </label>
      <label className="draw-field">
        <span>{t('drawing.title')}</span>
        <Input size="small" value={screen.title ?? ''} onChange={(event) => change('title', { title: event.target.value })} />
      </label>
      <div className="draw-place">
        <span>{t('drawing.size')}</span>
        <InputNumber size="small" prefix="w" min={80} max={20000} aria-label={t('drawing.at.w')} value={width} onChange={(w) => w && change('width', { size: [w, height] })} />
        <InputNumber size="small" prefix="h" min={80} max={20000} aria-label={t('drawing.at.h')} value={height} onChange={(h) => h && change('height', { size: [width, h] })} />
      </div>
      <PictureField label={t('drawing.under')} value={screen.photo ?? ''} pictures={pictures} onChange={(photo) => change('photo', { photo })} />
      <div className="draw-field">
        <span>{t('drawing.of')}</span>
        <TypeField label={t('drawing.of')} value={screen.of ?? ''} onChange={(of) => change('of', { of })} />
      </div>
      <VariableFields edit={edit} />
    </>
  )
}
