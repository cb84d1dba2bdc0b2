const whiteSpace = /[\t\n\r ]+/g
const shape = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Decodes base64 strictly, XML white space aside (XEP-0047 §2.2); undefined when a character or the padding is wrong. */
export function decodeBase64(text: string): Buffer | undefined {
  const compact = text.replace(whiteSpace, '')
  return shape.test(compact) ? Buffer.from(compact, 'base64') : undefined
}
