/** A page that fails says so and leaves the rest of the console standing. */
import { Component, type ReactNode } from 'react'
import { ErrorNote } from '../components/notes'
import { health } from '../core/calls'
import { asProblem } from '../core/http'
import type { Problem } from '../wire/api'

const GONE = /dynamically imported module|module script failed|Unable to preload/i
const KEY = 'baigong.reloaded'
const AGAIN_MS = 30_000
const ASK_MS = 2000
const OFFLINE: Problem = { code: 'client.offline', title: 'The server does not answer.' }

const isGone = (error: unknown): boolean => error instanceof Error && GONE.test(error.message)

export class Boundary extends Component<{ children: ReactNode }, { problem: Problem | null }> {
  override state: { problem: Problem | null } = { problem: null }

  private timer: ReturnType<typeof setTimeout> | undefined

  static getDerivedStateFromError(error: unknown): { problem: Problem } {
    return { problem: isGone(error) ? OFFLINE : asProblem(error) }
  }

  /**
   * A part of the console did not come. The server may be away: it is waited for, since loading the page anew now
   * would lose it. Or it was upgraded and that part is no longer there: the page is loaded anew, once.
   */
  override componentDidCatch(error: unknown): void {
    if (isGone(error)) void this.back(error)
  }

  override componentWillUnmount(): void {
    clearTimeout(this.timer)
  }

  private async back(error: unknown): Promise<void> {
    try {
      await health()
    } catch {
      this.timer = setTimeout(() => void this.back(error), ASK_MS)
      return
    }
    const last = Number(sessionStorage.getItem(KEY) ?? 0)
    if (Date.now() - last < AGAIN_MS) {
      this.setState({ problem: asProblem(error) })
      return
    }
    sessionStorage.setItem(KEY, String(Date.now()))
    location.reload()
  }

  override render(): ReactNode {
    if (!this.state.problem) return this.props.children
    return (
      <div className="page">
        <ErrorNote problem={this.state.problem} {...(this.state.problem === OFFLINE ? {} : { retry: () => location.reload() })} />
      </div>
    )
  }
}
