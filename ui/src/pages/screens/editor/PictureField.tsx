/** Which picture of the screen is meant; another one is added here, made small before it is sent. */
import { Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { useTrouble } from '../../../components/useTrouble'
import { drawing } from './calls'
import { named } from './pins'
import { shrunk } from './shrink'
import type { Pictures } from './usePictures'

export interface PictureFieldProps {
  label: string
  value: string
  pictures: Pictures
  onChange: (file: string) => void
}

export function PictureField({ label, value, pictures, onChange }: PictureFieldProps) {
  const { t } = useTranslation()
  const trouble = useTrouble()
  const { screen } = pictures
  const add = async (file: File | undefined) => {
    if (!file || !screen) return
    try {
      const stems = pictures.names.map((name) => name.replace(/\.\w+$/, ''))
      const plain = file.name.replace(/\.\w+$/, '').replace(/[^A-Za-z0-9_-]+/g, '-')
      const name = `${named(plain, stems)}.jpg`
      await drawing.putFile(screen, name, (await shrunk(file)).content)
      pictures.reload()
      onChange(name)
    } catch (error) {
      trouble(error instanceof DOMException || (error instanceof Error && error.message === 'too large') ? new Error(t('drawing.photoBroken')) : error)
    }
  }
  return (
    <div className="draw-field">
      <span>{label}</span>
      <Select size="small" allowClear aria-label={label} value={value || null} onChange={(file) => onChange(file ?? '')} options={pictures.names.map((file) => ({ value: file, label: file }))} />
      {screen ? (
        <label className="draw-add">
          {t('drawing.addPicture')}
          <input className="sr" type="file" accept="image/*" aria-label={`${label}: ${t('drawing.addPicture')}`} onChange={(event) => void add(event.target.files?.[0])} />
        </label>
      ) : (
        <small>{t('drawing.saveFirst')}</small>
      )}
    </div>
  )
}
