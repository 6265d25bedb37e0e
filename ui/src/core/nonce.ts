/** Keeps our own libraries within the page's policy: no style is written into it but by scripts of ours. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce

if (nonce) {
  // style sheets that a library makes while running carry the page's nonce
  const make = document.createElement.bind(document)
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    const made = make(name, options)
    if (made instanceof HTMLStyleElement) made.nonce = nonce
    return made
  }) as typeof document.createElement

  // an attribute's style would be refused as if it had come with the page; set through the object it is a script's
  const set = Element.prototype.setAttribute
  Element.prototype.setAttribute = function (name: string, value: string) {
    if (name === 'style' && (this instanceof HTMLElement || this instanceof SVGElement)) this.style.cssText = value
    else set.call(this, name, value)
  }
}

export {}
