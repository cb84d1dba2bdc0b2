import { dirname, join } from 'node:path/posix'

/** A source file by its path below `services/`. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

interface Rule {
  /** What the rule says, as the end of a sentence: `relay/x.ts imports y: <because>`. */
  readonly because: string
  /** The files that it holds for. */
  readonly of: (path: string) => boolean
  /** Whether such a file may import this: a path below `services/`, or the name of a module. */
  readonly mayImport?: (target: string, path: string) => boolean
  /** What the text of such a file may not contain. */
  readonly mayNotSay?: RegExp
}

const services = ['control', 'relay', 'cli', 'courier']
const dialers = ['relay/trunk-transport.ts', 'relay/public-address/kubernetes.ts']
/** They make a socket of a connection that is there already. */
const wrappers = ['relay/tls-trunk.ts', 'relay/engine/splice/give-back.ts']
const pureModules = ['node:crypto', 'node:url', 'node:buffer']

const rules: readonly Rule[] = [
  {
    because: 'shared knows no service',
    of: (path) => areaOf(path) === 'shared',
    mayImport: (target) => !services.includes(areaOf(target)),
  },
  {
    because: 'services meet in proto/ only; cli alone may start another, by its main.ts, wire.ts and config.ts',
    of: (path) => services.includes(areaOf(path)),
    mayImport: (target, path) =>
      !services.includes(areaOf(target)) ||
      areaOf(target) === areaOf(path) ||
      (areaOf(path) === 'cli' && /^\w+\/(main|wire|config)\.ts$/.test(target)),
  },
  {
    because: 'main.ts is an entry, for the system and for cli alone',
    of: (path) => areaOf(path) !== 'cli',
    mayImport: (target) => !/^\w+\/main\.ts$/.test(target),
  },
  {
    because: 'wire.ts composes the service, so its own modules never import it',
    of: (path) => services.includes(areaOf(path)) && !/^\w+\/main\.ts$/.test(path),
    mayImport: (target, path) => target !== `${areaOf(path)}/wire.ts`,
  },
  {
    because: 'shared/bytestream is pure and stands on nothing but pure modules of node:',
    of: (path) => path.startsWith('shared/bytestream/'),
    mayImport: (target) => target.startsWith('shared/bytestream/') || pureModules.includes(target),
  },
  {
    because: 'relay/socks5 is pure and stands on shared/bytestream and pure modules of node:',
    of: (path) => path.startsWith('relay/socks5/'),
    mayImport: (target) =>
      target.startsWith('relay/socks5/') || target.startsWith('shared/bytestream/') || pureModules.includes(target),
  },
  {
    because: 'relay/proxy-protocol is pure and takes no more of node: than what can be told from an address',
    of: (path) => path.startsWith('relay/proxy-protocol/'),
    mayImport: (target) =>
      target.startsWith('relay/proxy-protocol/') || target.startsWith('shared/bytestream/') || target === 'node:net',
  },
  {
    because: 'what is pure uses no clock, no chance, no network and no environment',
    of: (path) => /^(?:shared\/bytestream|relay\/socks5|relay\/proxy-protocol)\//.test(path),
    mayNotSay:
      /\bDate\.now\b|\bnew Date\b|\bperformance\.\w|\bset(?:Timeout|Interval|Immediate)\b|\bMath\.random\b|\brandom(?:Bytes|UUID|Int)\b|\bfetch\(|\bconsole\.\w/,
  },
  {
    because: 'only main.ts and shared/runtime/run.ts touch the process',
    of: (path) => !/^\w+\/main\.ts$/.test(path) && path !== 'shared/runtime/run.ts',
    mayImport: (target) => target !== 'node:process',
    mayNotSay: /\bprocess(?:\.|\[)\w|\bglobalThis\.process\b/,
  },
  {
    because: 'a service that serves clients never dials as one, but for control’s test of its own addresses',
    of: (path) => areaOf(path) === 'relay' || (areaOf(path) === 'control' && !path.startsWith('control/self-test/')),
    mayImport: (target) => !target.startsWith('shared/transfer/'),
  },
  {
    because: 'the self-test dials by SOCKS5 and takes nothing else of a client',
    of: (path) => path.startsWith('control/self-test/'),
    mayImport: (target) => !target.startsWith('shared/transfer/') || target === 'shared/transfer/socks5-client.ts',
  },
  {
    because: 'only trunk-transport.ts and kubernetes.ts dial, and never where a client says',
    of: (path) => areaOf(path) === 'relay' && !dialers.includes(path),
    mayImport: (target, path) =>
      !['node:http', 'node:https', 'node:http2', 'node:dgram', 'undici'].includes(target) &&
      (target !== 'node:tls' || wrappers.includes(path)),
    mayNotSay:
      /import\s*\{[^}]*\b(?:connect|createConnection)\b[^}]*\}\s*from\s*'node:(?:net|tls)'|\b(?:net|tls)\.(?:connect|createConnection)\b|\bfetch\(/,
  },
  {
    because: 'a socket that nobody has connected could dial',
    of: (path) => areaOf(path) === 'relay' && ![...dialers, ...wrappers].includes(path),
    mayNotSay: /\bnew (?:net\.)?Socket\(/,
  },
]

/** Every breach of the picture in ARCHITECTURE.md, one sentence each, naming the file and what it imports or says. */
export function breaches(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const text = withoutComments(file.text)
    const targets = importsOf(file.path, text)
    return rules
      .filter((rule) => rule.of(file.path))
      .flatMap((rule) => [
        ...targets
          .filter((target) => rule.mayImport?.(target, file.path) === false)
          .map((target) => `services/${file.path} imports ${nameOf(target)}: ${rule.because}`),
        ...said(rule, text).map((words) => `services/${file.path} says \`${words}\`: ${rule.because}`),
      ])
  })
}

function said(rule: Rule, text: string): string[] {
  const match = rule.mayNotSay?.exec(text)
  return match ? [match[0].replace(/\s+/g, ' ')] : []
}

const importForms = [
  /^\s*(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\b(?:import|require)\(\s*['"]([^'"]+)['"]/g,
]

/** What a file imports, for its types too: paths below `services/`, names of modules as they are. */
function importsOf(path: string, text: string): string[] {
  const specifiers = importForms.flatMap((form) => [...text.matchAll(form)].map((match) => match[1] ?? ''))
  return specifiers.map((specifier) => (specifier.startsWith('.') ? join(dirname(path), specifier) : specifier))
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}

/** The first folder of a path below `services/`; a module of npm or node: has an area of its own. */
function areaOf(path: string): string {
  return path.split('/')[0] ?? ''
}

function nameOf(target: string): string {
  return /^(?:shared|control|relay|cli|courier)\//.test(target) ? `services/${target}` : target
}
