/** Asset types: what there is of them, or one. */
import { usePath, useSearch } from '../../components/navigation'
import { routeOf } from '../../core/route'
import { TypeList } from './TypeList'
import { TypePage } from './TypePage'

export default function TypesPage() {
  const route = routeOf(usePath())
  const search = useSearch()
  const type = route.page === 'types' ? route.type : ''
  if (!type) return <TypeList />
  const asked = new URLSearchParams(search)
  const extend = asked.get('extends')
  const copy = asked.get('copy')
  return <TypePage key={`${type}${search}`} type={type} from={copy ? { copy } : extend !== null ? { extend } : null} />
}
