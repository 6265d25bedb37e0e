/** Screens: all that are kept, one of them, one on a wall, or one being drawn. */
import { lazy } from 'react'
import { usePath, useSearch } from '../../components/navigation'
import { routeOf } from '../../core/route'
import { ScreenList } from './ScreenList'
import { ScreenView } from './ScreenView'
import { Wall } from './Wall'

const EditorPage = lazy(() => import('./EditorPage'))

export default function ScreensPage() {
  const route = routeOf(usePath())
  const asked = new URLSearchParams(useSearch())
  if (route.page !== 'screens' || !route.screen) return asked.get('photo') ? <EditorPage doing="photo" /> : <ScreenList />
  if (route.doing) return <EditorPage name={route.screen} doing={route.doing} />
  if (asked.get('wall')) return <Wall key={route.screen} name={route.screen} />
  return <ScreenView key={route.screen} name={route.screen} />
}
