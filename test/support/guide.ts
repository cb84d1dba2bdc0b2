import { readFile } from 'node:fs/promises'

/**
 * The fenced blocks of one language in a page, by its path in the repository, in order; those with this text in them
 * alone. Throws when there is none.
 */
export async function blocksOf(page: string, language: string, having = ''): Promise<string[]> {
  const text = await readFile(new URL(`../../${page}`, import.meta.url), 'utf8')
  const fenced = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms')
  const blocks = [...text.matchAll(fenced)].map(([, block = '']) => block).filter((block) => block.includes(having))
  if (blocks.length === 0) throw new Error(`Cannot test ${page}: it has no block of ${language} with ${having}`)
  return blocks
}

/** Where components connect to the servers of all pages. */
export const componentPortOfGuides = '5347'

/** A block with this machine's address and port in place of the guide's. Throws when the block does not have those. */
export function localised(block: string, componentPort: number): string {
  const local = block.replace('10.0.0.5', '127.0.0.1').replace(componentPortOfGuides, String(componentPort))
  if (local.includes('127.0.0.1') && local.includes(String(componentPort))) return local
  throw new Error(`Cannot run a block of a guide: it does not listen on 10.0.0.5 port 5347:\n${block}`)
}
