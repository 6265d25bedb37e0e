/**
 * Values come when they come; what they change is drawn once a frame, however many came since, and at most five times a
 * second: nobody reads numbers faster, and a wall of them would warm the room.
 */

type Tell = () => void

const APART_MS = 200

let waiting = new Set<Tell>()
let due = false
let lastMs = Number.NEGATIVE_INFINITY

function run(): void {
  due = false
  lastMs = performance.now()
  const now = waiting
  waiting = new Set()
  for (const tell of now) tell()
}

/** Call `tell` in the next frame that is drawn, once. */
export function inFrame(tell: Tell): void {
  waiting.add(tell)
  if (due) return
  due = true
  const restMs = lastMs + APART_MS - performance.now()
  if (restMs > 0) setTimeout(() => requestAnimationFrame(run), restMs)
  else requestAnimationFrame(run)
}

export const forget = (tell: Tell): void => void waiting.delete(tell)
