import type { Case, Family } from './case.ts'
import { describeSign } from './sign.ts'

const preface = `# What fails, and what comes of it

Every row was played by \`npm run test:faults\`, with real relays, controls, Redis, Prosody and ejabberd, and is played again
by it: the last column is the name for \`npm run test:faults -- --only NAME\`. The page is written by the same command with
\`--write\`; a test holds it to be the cases of the suite.

How to read what clients see:

- **accepted**, **refused 1** and **refused 2** are SOCKS5 replies (1: the fault is ours, 2: policy), **closed** is a connection that ended without one;
- **joined** is an activation that succeeded; anything else in its place is the stanza error that answered it, *no answer* within 7 s,
  or *no server* when the requester himself lost his XMPP server. **then joined** is a later activation of the same halves;
- **exact** is every byte, compared one by one, and then the end. **reset** is a stream that was cut off, and both clients could
  tell. **stalls, then exact** went on after the fault. No row has bytes lost: an end that looks like the end of the file with
  bytes missing, or bytes of another stream, would be;
- **registered** is that Redis has the halves within 15 s, **idle** that the relay takes less than a fifth of a core meanwhile.

After every row the system must be back where it was: descriptors, timers, metric series, keys in Redis, processes,
temporary files; and a new bytestream crosses its relays.

What Kubernetes does to pods is played on a cluster, by \`npm run test:cluster\`: they are replaced, scaled and killed, and
[a node is drained](RUNBOOK.md#draining-a-node).
`

/** `deploy/FAILURES.md`. */
export function failuresPage(families: readonly Family[], cases: readonly Case[]): string {
  const sections = families.map((family) => {
    const rows = cases.filter((each) => each.family === family).map(rowOf)
    return [`## ${capital(family.name)}`, '', family.about, '', header, rule, ...rows, ''].join('\n')
  })
  return [preface, ...sections].join('\n')
}

const header = '| fault | strikes at | clients see | the operator sees | how it heals | test |'
const rule = '|---|---|---|---|---|---|'

function rowOf({ name, fault, phase, clients, operator, heals }: Case): string {
  return `| ${[fault.fault, phase, clients, describeSign(operator), heals, `\`${name}\``].join(' | ')} |`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
