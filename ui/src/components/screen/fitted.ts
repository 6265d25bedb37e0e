/** Letters as large as their box lets them be. Pure. */

const WIDE = /[\p{Script=Han}\p{Script=Hangul}\u3000-\u303f\uff00-\uffef]/gu
const NARROW = 0.56 // of the size, the width of a Latin letter or digit on average

/** How wide a text is, in parts of its size. */
export const widthOf = (text: string): number => {
  const wide = text.match(WIDE)?.length ?? 0
  return wide + (text.length - wide) * NARROW
}

/** The size of letters with which a text fits in a box. */
export const fitted = (text: string, w: number, h: number, most = 0.78): number => Math.max(4, Math.min(h * most, w / Math.max(1, widthOf(text))))
