/** What is sent of whose type nothing is known. */
export const anyBytes = 'application/octet-stream'

/** Pictures that can do nothing but be seen. SVG is a document with scripts. */
const pictures = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']

const token = "[!#$%&'*+.^_`|~0-9a-z-]{1,80}"
const wellFormed = new RegExp(`^(${token}/${token})[ \\t]*(?:;.*)?$`, 'i')

/** A media type without its parameters, in lowercase (RFC 9110 §8.3.1); undefined for what is none. */
export function essenceOf(mediaType: string): string | undefined {
  return wellFormed.exec(mediaType.trim())?.[1]?.toLowerCase()
}

/** Whether a browser may show it within a page of ours. */
export function isPicture(mediaType: string): boolean {
  return pictures.includes(essenceOf(mediaType) ?? '')
}

/**
 * The type that bytes are served as. A sender says what he likes, so only what no program runs keeps its name; all else is
 * just bytes, to be saved.
 */
export function servedType(mediaType: string): string {
  const essence = essenceOf(mediaType) ?? anyBytes
  return isPicture(essence) || /^(?:audio|video)\//.test(essence) || essence === 'text/plain' ? essence : anyBytes
}
