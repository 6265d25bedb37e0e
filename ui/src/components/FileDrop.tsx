/** A file dropped here, or chosen: for whatever a page takes in. */
import { type ReactNode, useState } from 'react'
import { Icon } from './Icon'

interface Props {
  /** What may be brought. */
  label: ReactNode
  /** Endings that the browser offers, like `.csv,.txt`. */
  accept: string
  /** What was brought last; empty for nothing yet. */
  held?: string
  onFile: (file: File) => void
}

export function FileDrop({ label, accept, held, onFile }: Props) {
  const [over, setOver] = useState(false)
  const bring = (list: FileList | null) => list?.[0] && onFile(list[0])
  return (
    <label
      className={`asset-drop ${over ? 'is-over' : ''}`}
      onDragOver={(event) => (event.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => (event.preventDefault(), setOver(false), bring(event.dataTransfer.files))}
    >
      <Icon name="download" size={24} />
      <span>{label}</span>
      {held ? <b>{held}</b> : null}
      <input type="file" accept={accept} className="sr" onChange={(event) => (bring(event.target.files), (event.target.value = ''))} />
    </label>
  )
}
