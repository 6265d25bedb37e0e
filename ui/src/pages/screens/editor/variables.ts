/** What is chosen on top of a screen, under somebody's hands. Pure. */
import { OWN, type ScreenText, type ScreenVariable } from '../../../core/screens'

const NAME = /^[a-z][a-z0-9_]{0,31}$/

/** How many items speak of it. */
export const usersOf = (screen: ScreenText, name: string): number => (screen.items ?? []).filter((item) => JSON.stringify(item).includes(`\${${name}}`)).length

export const mayBeCalled = (screen: ScreenText, name: string): boolean => NAME.test(name) && name !== OWN && !(name in (screen.variables ?? {}))

/** The next name that is free: choice1, choice2 … */
export function freeName(screen: ScreenText): string {
  for (let n = 1; ; n++) if (!(`choice${n}` in (screen.variables ?? {}))) return `choice${n}`
}

/** Said otherwise, or (null) no more; in the same order. */
export function withVariable(screen: ScreenText, name: string, said: ScreenVariable | null): ScreenText {
  const { [name]: _, ...others } = screen.variables ?? {}
  const variables = said === null ? others : { ...screen.variables, [name]: tidied(said) }
  const { variables: __, ...rest } = screen
  return Object.keys(variables).length ? { ...rest, variables } : rest
}

/** Called otherwise, in all that speak of it. */
export function renamed(screen: ScreenText, name: string, next: string): ScreenText {
  const variables = Object.fromEntries(Object.entries(screen.variables ?? {}).map(([key, said]) => [key === name ? next : key, said]))
  const items = (screen.items ?? []).map((item) => {
    const text = JSON.stringify(item)
    const made = text.replaceAll(`\${${name}}`, `\${${next}}`)
    return made === text ? item : (JSON.parse(made) as typeof item)
  })
  return { ...screen, variables, items }
}

const tidied = (said: ScreenVariable): ScreenVariable => Object.fromEntries(Object.entries(said).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : Boolean(value))))
