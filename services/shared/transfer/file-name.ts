/** Long enough for people, short enough for every file system with a suffix of ours added. */
const MAX_BYTES = 200

// Controls, and the characters that turn the direction of text: `exe.txt` must not be shown for `txt.exe`.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
const invisible = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g
const separators = /[/\\]/g
const forbiddenOnWindows = /[<>:"|?*]/g
const reservedOnWindows = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)/i

/**
 * A name that can be created in a folder on any system, from a name that a stranger wrote. Only its last component is
 * kept; what cannot stay becomes `_`; a name with nothing left is `file`.
 */
export function safeFileName(name: string): string {
  const last =
    name
      .toWellFormed()
      .normalize('NFC')
      .split(separators)
      .findLast((part) => part.trim() !== '') ?? ''
  const clean = last
    .replace(invisible, '')
    .replace(forbiddenOnWindows, '_')
    .replace(/^[\s.]+|[\s.]+$/g, '')
    .replace(reservedOnWindows, '_$1')
  return shorten(clean, MAX_BYTES) || 'file'
}

/** `name.ext`, `name (1).ext`, `name (2).ext` … */
export function* alternatives(name: string): Generator<string> {
  yield name
  const [stem, extension] = splitExtension(name)
  for (let count = 1; ; count += 1) yield `${stem} (${count})${extension}`
}

function shorten(name: string, maxBytes: number): string {
  if (Buffer.byteLength(name) <= maxBytes) return name
  const [stem, extension] = splitExtension(name)
  const room = maxBytes - Buffer.byteLength(extension)
  let kept = ''
  for (const character of stem) {
    if (Buffer.byteLength(kept + character) > room) break
    kept += character
  }
  return (kept + extension).replace(/[\s.]+$/, '')
}

/** The last extension, when it is short enough to be one. */
function splitExtension(name: string): [stem: string, extension: string] {
  const match = /^(.+?)(\.[^.\s]{1,16})$/su.exec(name)
  return match?.[1] !== undefined && match[2] !== undefined ? [match[1], match[2]] : [name, '']
}
