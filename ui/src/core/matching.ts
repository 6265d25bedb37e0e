/** Whether a text holds every word that somebody looks for, in any order and either case. */
export function matches(words: string, ...texts: readonly (string | undefined)[]): boolean {
  const text = texts.join(' ').toLowerCase()
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word))
}
