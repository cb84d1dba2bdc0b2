/** Text that is HTML already. */
export interface Html {
  readonly html: string
}

/** What may stand in a template: text is escaped, nothing is left out for undefined. */
type Part = string | number | undefined | Html | readonly Html[]

/** Builds HTML from a template. Whatever is put in is escaped, in text and in quoted attributes, unless it came from here. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: strings.map((string, index) => (index === 0 ? '' : written(parts[index - 1])) + string).join('') }
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function written(part: Part): string {
  if (part === undefined) return ''
  if (typeof part === 'object') return 'html' in part ? part.html : part.map(({ html }) => html).join('')
  return String(part).replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
