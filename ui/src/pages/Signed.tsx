/** The console of somebody signed in: frame and the page of the address, each loaded when first wanted. */
import { lazy, Suspense, useMemo } from 'react'
import { usePath } from '../components/navigation'
import { Waiting } from '../components/notes'
import { Shell } from '../components/Shell'
import { WhyProvider } from '../components/WhyContext'
import { routeOf } from '../core/route'
import { Boundary } from './Boundary'

const PAGES = {
  overview: lazy(() => import('./overview/OverviewPage')),
  connect: lazy(() => import('./connect/ConnectPage')),
  commands: lazy(() => import('./commands/CommandsPage')),
  add: lazy(() => import('./add/AddDevicePage')),
  device: lazy(() => import('./device/DevicePage')),
  point: lazy(() => import('./point/PointPage')),
  trends: lazy(() => import('./trends/TrendsPage')),
  sql: lazy(() => import('./sql/SqlPage')),
  system: lazy(() => import('./system/SystemPage')),
  demo: lazy(() => import('./demo/DemoPage')),
  access: lazy(() => import('./access/AccessPage')),
  companies: lazy(() => import('./companies/CompaniesPage')),
  me: lazy(() => import('./me/AccountPage')),
  about: lazy(() => import('./AboutPage')),
  missing: lazy(() => import('./MissingPage')),
}

export function Signed() {
  const path = usePath()
  const route = useMemo(() => routeOf(path), [path])
  const Page = PAGES[route.page]
  return (
    <WhyProvider>
      <Shell page={route.page}>
        <Boundary key={path}>
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
