/** Values come when they come; what they change is drawn once a frame, however many came since. */

type Tell = () => void

let waiting = new Set<Tell>()
let frame = 0

function run(): void {
  frame = 0
  const due = waiting
  waiting = new Set()
  for (const tell of due) tell()
}

/** Call `tell` in the next frame, once. */
export function inFrame(tell: Tell): void {
  waiting.add(tell)
  if (!frame) frame = requestAnimationFrame(run)
}

export const forget = (tell: Tell): void => void waiting.delete(tell)
