/** Orders and records: what business systems tell; a list of a kind, or one record. */
import { recordOf } from '../../../core/business'
import { RecordList } from './RecordList'
import { RecordView } from './RecordView'

export default function RecordsRoom({ one }: { one: string }) {
  const named = recordOf(one)
  return named ? <RecordView key={one} kind={named[0]} source={named[1]} of={named[2]} /> : <RecordList />
}
