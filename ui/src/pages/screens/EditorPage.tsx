/** Where a screen is drawn: one that is there, a new one (also from how an asset is drawn), or one from a photo. */
import { useSearch } from '../../components/navigation'
import { ErrorNote, Waiting } from '../../components/notes'
import { useAsk } from '../../components/useAsk'
import { screens } from '../../core/screencalls'
import { EditScreen } from './editor/EditScreen'
import { PhotoScreen } from './editor/PhotoScreen'

export default function EditorPage({ name = '', doing }: { name?: string; doing: 'edit' | 'new' | 'photo' }) {
  const asset = new URLSearchParams(useSearch()).get('asset') ?? ''
  const source = useAsk(doing === 'new' && asset ? `asset-screen:${asset}` : null, (signal) => screens.ofAsset(asset, signal))
  if (doing === 'photo') return <PhotoScreen asset={asset} />
  if (doing === 'new' && asset && !source.data) return source.error ? <ErrorNote problem={source.error} retry={source.reload} /> : <Waiting rows={8} />
  return <EditScreen key={`${doing} ${name}`} name={name} isNew={doing === 'new'} from={source.data?.screen ?? null} />
}
