import type { Child } from '../../deploy/local/child.ts'

/** All that these processes wrote, for the message of an assertion. */
export function outputOf(...children: readonly Child[]): string {
  return children.map((child) => [child.name, ...child.lines()].join('\n  ')).join('\n')
}
