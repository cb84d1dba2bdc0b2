import { writeFile } from 'node:fs/promises'
import { monitoringFiles } from './files.ts'

for (const [path, text] of Object.entries(await monitoringFiles())) {
  await writeFile(new URL(`../../${path}`, import.meta.url), text)
}
