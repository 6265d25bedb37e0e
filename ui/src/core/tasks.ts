/** Tasks: the calls, and what a page needs to know of one before the server has answered. */
import type { components } from '../wire/openapi'
import { askJson, query } from './http'
import { newKey as newId } from './commands'
import { outbox, type Waiting } from './outbox'
import { workLink } from './route'

type Schemas = components['schemas']
export type Task = Schemas['TaskLine']
export type TaskPage = Schemas['TaskPage']
export type TaskSpec = Schemas['TaskSpec']
/** What somebody does to a task; what is not told stays. */
export type TaskChange = Partial<Omit<Schemas['TaskChange'], 'results'>> & { results?: (Pick<Schemas['Result'], 'item' | 'value'> & { note?: string })[] }
/** A change before it has a name and a time. */
export type Doing = Omit<TaskChange, 'id' | 'at_us'>
export type NewSpec = Partial<TaskSpec> & Pick<TaskSpec, 'asset' | 'title'>
export type TaskState = Task['state']
export type Check = Schemas['Check']
export type Found = Schemas['Found']
export type Reason = Schemas['ReasonTree']['reasons'][number]
export type Workers = Schemas['WorkersAnswer']
export type Priority = NonNullable<TaskSpec['priority']>
export type TaskKind = NonNullable<TaskSpec['kind']>
export const KINDS: readonly TaskKind[] = ['corrective', 'inspection', 'calibration', 'changeover', 'other']
export const PRIORITIES: readonly Priority[] = ['critical', 'high', 'medium', 'low']

export interface TasksAsk {
  mine?: boolean
  state?: string
  asset?: string
  assignee?: string
  origin?: string
  origin_ref?: string
}

const id = encodeURIComponent

export const tasks = {
  list: ({ mine, ...want }: TasksAsk, signal?: AbortSignal) => askJson<{ now_us: number; tasks: Task[] }>(`/tasks${query({ ...want, ...(mine ? { mine: 'true' } : {}) })}`, { signal }),
  get: (task: string, signal?: AbortSignal) => askJson<TaskPage>(`/tasks/${id(task)}`, { signal }),
  reasons: (asset: string, signal?: AbortSignal) => askJson<Schemas['ReasonTree']>(`/assets/${id(asset)}/reasons`, { signal }),
  workers: () => askJson<Workers>('/workers'),
  add: (spec: NewSpec, task = newId(), what = spec.title) => outbox().put({ path: '/tasks', json: { ...spec, id: task }, about: task, what }),
  change: (task: string, change: Doing, what: string) =>
    outbox().put({ path: `/tasks/${id(task)}/changes`, json: { ...change, id: newId(), at_us: Date.now() * 1000 }, about: task, what }),
  photo: (task: string, blob: Blob, what: string) =>
    outbox().put({ path: `/tasks/${id(task)}/photos${query({ change: newId(), at_us: Date.now() * 1000 })}`, blob, about: task, what }),
}

/** The list as somebody wants it: `show`, `asset`, `who`. */
export const tasksLink = (want: Record<string, string> = {}): string => `${workLink('tasks')}${query(want)}`
export const newTaskLink = (from: { asset?: string; origin?: string; origin_ref?: string; title?: string }): string => `${workLink('tasks', 'new')}${query(from)}`

/** The task as it will be when what waits has been sent: a phone without a network shows what was entered on it. */
export function withWaiting(page: TaskPage, waiting: readonly Waiting[]): TaskPage {
  let made = page
  for (const one of waiting) {
    if (one.problem || !one.json) continue
    const change = one.json as TaskChange
    const results = { ...made.progress.results }
    for (const result of change.results ?? []) results[result.item] = { value: result.value ?? null, note: result.note ?? '', fine: fineOf(made.spec.checklist?.find((check) => check.item === result.item), result.value ?? null), by: one.user, at_us: one.atMs * 1000 }
    const missing = (made.spec.checklist ?? []).filter((check) => (check.required ?? true) && empty(results[check.item])).map((check) => check.item)
    made = { ...made, missing, state: change.to ?? made.state, next: change.to ? NEXT[change.to] : made.next, progress: { ...made.progress, results, outcome: change.outcome ?? made.progress.outcome ?? '', cause: change.cause ?? made.progress.cause ?? '' } }
  }
  return made
}

const empty = (found: Found | undefined): boolean => !found || ((found.value === null || found.value === undefined) && !found.note)

/** As the server judges it: a number between its bounds, a check that is done; null where nobody said what is right. */
export function fineOf(check: Check | undefined, value: Found['value']): boolean | null {
  if (!check || value === null || value === undefined) return null
  if (check.kind === 'number' && typeof value === 'number' && (typeof check.low === 'number' || typeof check.high === 'number')) return value >= (check.low ?? -Infinity) && value <= (check.high ?? Infinity)
  return (check.kind ?? 'check') === 'check' ? value === true : null
}

/** What whoever does it may do next; only used for what is not sent yet. */
const NEXT: Record<TaskState, TaskState[]> = {
  open: ['accepted', 'in_progress', 'refused'],
  accepted: ['in_progress', 'refused'],
  in_progress: ['done'],
  done: [],
  refused: [],
  verified: [],
  cancelled: [],
}

const MOST_PX = 1600

/** A photo as it is sent: no larger than a screen shows, and upright. */
export async function smaller(file: Blob): Promise<Blob> {
  const bitmap = await createImageBitmap(file)
  const scale = Math.min(1, MOST_PX / Math.max(bitmap.width, bitmap.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(bitmap.width * scale)
  canvas.height = Math.round(bitmap.height * scale)
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  bitmap.close()
  return new Promise((resolve, reject) => canvas.toBlob((made) => (made ? resolve(made) : reject(new Error('canvas'))), 'image/jpeg', 0.85))
}
