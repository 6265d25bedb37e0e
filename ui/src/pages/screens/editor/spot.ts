/** Where on a drawing somebody points, in drawing units; null while it is not on the page. */
export function spotOn(sheet: SVGSVGElement | null | undefined, { clientX, clientY }: { clientX: number; clientY: number }): [number, number] | null {
  const turned = sheet?.getScreenCTM()?.inverse()
  if (!turned) return null
  const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(turned)
  return [x, y]
}
