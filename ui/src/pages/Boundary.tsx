/** A page that fails says so and leaves the rest of the console standing. */
import { Component, type ReactNode } from 'react'
import { ErrorNote } from '../components/notes'
import { asProblem } from '../core/http'
import type { Problem } from '../wire/api'

const GONE = /dynamically imported module|module script failed|Unable to preload/i
const KEY = 'baigong.reloaded'
const AGAIN_MS = 30_000

export class Boundary extends Component<{ children: ReactNode }, { problem: Problem | null }> {
  override state: { problem: Problem | null } = { problem: null }

  static getDerivedStateFromError(error: unknown): { problem: Problem } {
    return { problem: asProblem(error) }
  }

  /** After an upgrade an open page asks for parts that are no longer there: it is loaded anew, once. */
  override componentDidCatch(error: unknown): void {
    if (!(error instanceof Error) || !GONE.test(error.message)) return
    const last = Number(sessionStorage.getItem(KEY) ?? 0)
    if (Date.now() - last < AGAIN_MS) return
    sessionStorage.setItem(KEY, String(Date.now()))
    location.reload()
  }

  override render(): ReactNode {
    if (!this.state.problem) return this.props.children
    return (
      <div className="page">
        <ErrorNote problem={this.state.problem} retry={() => location.reload()} />
      </div>
    )
  }
}
