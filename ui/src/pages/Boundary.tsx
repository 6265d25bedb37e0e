/** A page that fails says so and leaves the rest of the console standing. */
import { Component, type ReactNode } from 'react'
import { ErrorNote } from '../components/notes'
import { asProblem } from '../core/http'
import type { Problem } from '../wire/api'

export class Boundary extends Component<{ children: ReactNode }, { problem: Problem | null }> {
  override state: { problem: Problem | null } = { problem: null }

  static getDerivedStateFromError(error: unknown): { problem: Problem } {
    return { problem: asProblem(error) }
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
