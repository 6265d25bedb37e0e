/** Title, tools, content: the same frame for every page. */
import { type ReactNode, useEffect } from 'react'

/** What the browser calls this page; null leaves that to what is shown in it. */
export function useTitle(title: string | null): void {
  useEffect(() => {
    if (title !== null) document.title = `${title} · 百工 Baigong`
  }, [title])
}

export function Page({ title, sub, tools, children, fill }: { title: string; sub?: ReactNode; tools?: ReactNode; children: ReactNode; fill?: boolean }) {
  useTitle(title)
  return (
    <div className={`page ${fill ? 'page-fill' : ''}`}>
      <header className="page-head">
        <div>
          <h1>{title}</h1>
          {sub ? <div className="page-sub">{sub}</div> : null}
        </div>
        {tools ? <div className="page-tools">{tools}</div> : null}
      </header>
      {children}
    </div>
  )
}
