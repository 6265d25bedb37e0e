/** Why a value is what it is: asked from anywhere, answered in one drawer. */
import { createContext, lazy, type ReactNode, Suspense, useCallback, useContext, useState } from 'react'

const WhyDrawer = lazy(() => import('./WhyDrawer'))

const Context = createContext<(point: string, atUs?: number) => void>(() => undefined)

export const useWhy = () => useContext(Context)

export function WhyProvider({ children }: { children: ReactNode }) {
  const [asked, setAsked] = useState<{ point: string; atUs?: number } | null>(null)
  const [open, setOpen] = useState(false)
  const ask = useCallback((point: string, atUs?: number) => {
    setAsked(atUs === undefined ? { point } : { point, atUs })
    setOpen(true)
  }, [])
  return (
    <Context.Provider value={ask}>
      {children}
      {asked ? (
        <Suspense fallback={null}>
          <WhyDrawer {...asked} open={open} onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </Context.Provider>
  )
}
