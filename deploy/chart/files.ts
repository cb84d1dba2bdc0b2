import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readmeWithTables } from './readme.ts'
import { valuesSchema } from './values-schema.ts'
import { valuesYaml } from './values-yaml.ts'

/** The generated files of the chart in `folder`, by name, as they should be. */
export async function chartFiles(folder: string): Promise<Record<string, string>> {
  const schema = valuesSchema()
  return {
    'values.schema.json': `${JSON.stringify(schema, null, 2)}\n`,
    'values.yaml': valuesYaml(schema),
    'README.md': readmeWithTables(await readFile(join(folder, 'README.md'), 'utf8'), schema),
  }
}
