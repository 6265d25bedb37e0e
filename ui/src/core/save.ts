/** A file made here, for the disk of whoever sits before it. */
const KEPT_MS = 10_000 // the browser reads the address after the click

/** Hand a file to the browser. Without `media` it is what a blob says of itself. */
export function saveAs(name: string, content: BlobPart, media = content instanceof Blob ? content.type : ''): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([content], { type: media }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS)
}
