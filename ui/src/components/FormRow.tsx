/** What is asked for, above the field that asks for it. */
import type { ReactNode } from 'react'

export function FormRow({ label, children }: { label: string; children: ReactNode }) {
  return (
    <label className="form-row">
      <span>{label}</span>
      {children}
    </label>
  )
}
