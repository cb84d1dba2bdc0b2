import type { JsonSchema } from './json-schema.ts'

/** The chart's README with its tables as `schema` has them; the text around them is kept. Throws when a table has no place. */
export function readmeWithTables(readme: string, schema: JsonSchema): string {
  const tables = {
    values: table(rows(schema, '')),
    'control.options': table(rows(schema.properties?.control?.properties?.options ?? {}, '')),
    'courier.options': table(rows(schema.properties?.courier?.properties?.options ?? {}, '')),
    'relay.options': table(rows(schema.properties?.relay?.properties?.options ?? {}, '')),
  }
  let text = readme
  for (const [name, lines] of Object.entries(tables)) {
    const place = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`)
    if (!place.test(text)) throw new Error(`Cannot write the table of ${name}: the README has no <!-- ${name} -->`)
    text = text.replace(place, (_, before: string, after: string) => `${before}${lines}${after}`)
  }
  return text
}

interface Row {
  readonly name: string
  readonly schema: JsonSchema
}

/** Every value that has no further ones in it; the options of services are in tables of their own. */
function rows(schema: JsonSchema, prefix: string): Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, child]) =>
    child.properties && child.default === undefined
      ? rows(child, `${prefix}${key}.`)
      : [{ name: `${prefix}${key}`, schema: child }],
  )
}

function table(all: readonly Row[]): string {
  const lines = all.map(
    ({ name, schema }) =>
      `| \`${name}\` | ${cell(schema.description ?? '')} | ${cell(kind(schema))} | ${literal(schema.default)} |`,
  )
  return `\n| name | meaning | values | default |\n|---|---|---|---|\n${lines.join('\n')}\n\n`
}

function kind(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((word) => `\`${word}\``).join(', ')
  if (schema.minimum !== undefined && schema.maximum !== undefined) {
    const bounded = schema.maximum < Number.MAX_SAFE_INTEGER
    return bounded ? `${schema.minimum} to ${schema.maximum}` : `from ${schema.minimum}`
  }
  return schema.type ?? ''
}

function literal(value: unknown): string {
  return value === undefined || value === '' ? '' : `\`${cell(JSON.stringify(value))}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
