import { writeFile } from 'node:fs/promises'
import { renderLimitsPage } from './limits-page.ts'

await writeFile(new URL('../../LIMITS.md', import.meta.url), renderLimitsPage())
