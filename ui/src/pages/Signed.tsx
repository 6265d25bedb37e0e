/** The console of somebody signed in: frame and the page of the address, each loaded when first wanted. */
import { lazy, Suspense, useEffect, useMemo } from 'react'
import { usePath } from '../components/navigation'
import { Waiting } from '../components/notes'
import { Shell } from '../components/Shell'
import { WhyProvider } from '../components/WhyContext'
import { routeOf } from '../core/route'
import { Boundary } from './Boundary'

const PAGES = {
  overview: lazy(() => import('./overview/OverviewPage')),
  assets: lazy(() => import('./assets/AssetsPage')),
  screens: lazy(() => import('./screens/ScreensPage')),
  lots: lazy(() => import('./lots/LotsPage')),
  types: lazy(() => import('./types/TypesPage')),
  templates: lazy(() => import('./templates/TemplatesPage')),
  connect: lazy(() => import('./connect/ConnectPage')),
  commands: lazy(() => import('./commands/CommandsPage')),
  add: lazy(() => import('./add/AddDevicePage')),
  sheets: lazy(() => import('./sheets/SheetsPage')),
  device: lazy(() => import('./device/DevicePage')),
  point: lazy(() => import('./point/PointPage')),
  trends: lazy(() => import('./trends/TrendsPage')),
  work: lazy(() => import('./work/WorkPage')),
  sql: lazy(() => import('./sql/SqlPage')),
  system: lazy(() => import('./system/SystemPage')),
  demo: lazy(() => import('./demo/DemoPage')),
  access: lazy(() => import('./access/AccessPage')),
  companies: lazy(() => import('./companies/CompaniesPage')),
  use: lazy(() => import('./use/UsePage')),
  desk: lazy(() => import('./desk/DeskPage')),
  audit: lazy(() => import('./audit/AuditPage')),
  security: lazy(() => import('./security/SecurityPage')),
  me: lazy(() => import('./me/AccountPage')),
  about: lazy(() => import('./AboutPage')),
  missing: lazy(() => import('./MissingPage')),
}

/** What a click may want next is read while nobody waits: a chart then waits for its rows alone. */
function readAhead(): () => void {
  const read = () => {
    void import('./trends/TrendsPage')
    void import('../core/arrow')
  }
  if (!('requestIdleCallback' in window)) {
    const timer = setTimeout(read, 2000)
    return () => clearTimeout(timer)
  }
  const idle = requestIdleCallback(read, { timeout: 5000 })
  return () => cancelIdleCallback(idle)
}

export function Signed() {
  const path = usePath()
  const route = useMemo(() => routeOf(path), [path])
  const Page = PAGES[route.page]
  useEffect(readAhead, [])
  return (
    <WhyProvider>
      <Shell page={route.page}>
        <Boundary key={route.page === 'assets' ? 'assets' : path}>
          <Suspense
            fallback={
              <div className="page">
                <Waiting rows={6} />
              </div>
            }
          >
            <Page />
          </Suspense>
        </Boundary>
      </Shell>
    </WhyProvider>
  )
}
