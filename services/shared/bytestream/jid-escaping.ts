const escapes: Readonly<Record<string, string>> = {
  ' ': '\\20',
  '"': '\\22',
  '&': '\\26',
  "'": '\\27',
  '/': '\\2f',
  ':': '\\3a',
  '<': '\\3c',
  '>': '\\3e',
  '@': '\\40',
}
const characters = Object.fromEntries(Object.entries(escapes).map(([character, escaped]) => [escaped, character]))
const anyEscape = /\\(?:20|22|26|27|2f|3a|3c|3e|40|5c)/g

/** A text as the local part of a JID, such as another JID: `bob@example.com` is `bob\40example.com` (XEP-0106 §3). */
export function escapeLocal(text: string): string {
  return text
    .replace(/\\(?=20|22|26|27|2f|3a|3c|3e|40|5c)/g, '\\5c')
    .replace(/[ "&'/:<>@]/g, (character) => escapes[character] ?? character)
}

/** The text that a local part was made of. */
export function unescapeLocal(local: string): string {
  return local.replace(anyEscape, (escaped) => characters[escaped] ?? '\\')
}
