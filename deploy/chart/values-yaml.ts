import { Document, type Pair, type Scalar, YAMLMap } from 'yaml'
import type { JsonSchema } from './json-schema.ts'

const width = 118

/** `values.yaml`: every value with its default, and above it what it means. */
export function valuesYaml(schema: JsonSchema): string {
  const document = new Document(undefined)
  document.contents = mapOf(document, schema, 0) as typeof document.contents
  document.commentBefore = ' Made by `npm run generate` from deploy/chart/values.ts.'
  return document.toString({ lineWidth: 0 })
}

function mapOf(document: Document, schema: JsonSchema, depth: number): YAMLMap {
  const map = new YAMLMap()
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    if (!isGroup(child) && child.default === undefined) continue
    const value = isGroup(child) ? mapOf(document, child, depth + 1) : document.createNode(child.default)
    const pair = document.createPair(key, value) as Pair<Scalar, unknown>
    pair.key.commentBefore = wrap(child.description ?? '', width - 2 * depth)
    pair.key.spaceBefore = depth === 0 && map.items.length > 0
    map.add(pair)
  }
  return map
}

/** Whether an object's keys are ours and shown one by one; the options of a service are left to its own defaults. */
function isGroup(schema: JsonSchema): boolean {
  return schema.properties !== undefined && schema.default === undefined
}

/** A text as the lines of a comment. */
function wrap(text: string, columns: number): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (`${line} ${word}`.length > columns) {
      lines.push(line)
      line = ''
    }
    line = `${line} ${word}`
  }
  return [...lines, line].join('\n')
}
