import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chartFiles } from './files.ts'

const chart = fileURLToPath(new URL('../../helm/splice65/', import.meta.url))

for (const [name, text] of Object.entries(await chartFiles(chart))) await writeFile(join(chart, name), text)
