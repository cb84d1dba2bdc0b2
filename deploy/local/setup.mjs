/**
 * Installs what is missing on this machine and runs a command with it.
 *
 *     node deploy/local/setup.mjs [--for demo|test|cluster|bench|faults|postgresql] COMMAND [ARGS…]
 *
 * Plain JavaScript for any Node from 18 up, with nothing installed: Node 24 itself is one of the things that are
 * missing at first (the npm package `node`). COMMAND finds `node_modules/.bin` first on its PATH, has our standard
 * streams, is sent the signals that we are sent, and its exit code is ours.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { constants as os } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const modules = join(root, 'node_modules')
const binaries = join(modules, '.bin')
const nodeMajor = 24

// Where package managers put servers, also when a user's PATH leaves them out.
const systemFolders = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin']
const brewFolders = ['/opt/homebrew/bin', '/opt/homebrew/sbin']
const macChrome = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
const hostPath = unique([...(process.env.PATH ?? '').split(delimiter), ...systemFolders, ...brewFolders]).filter(
  (folder) => folder !== '' && !folder.endsWith(join('node_modules', '.bin')),
)

/** What each purpose needs from the system: how to see that it is there, and what each package manager calls it. */
const redis = {
  name: 'redis-server',
  present: () => onPath('redis-server'),
  apt: 'redis-server',
  brew: 'redis',
  dnf: 'redis',
}
const prosody = { name: 'prosody', present: () => onPath('prosody'), apt: 'prosody', brew: 'prosody', dnf: 'prosody' }
const prosodyModules = {
  name: 'community modules of Prosody',
  present: () => existsSync('/usr/lib/prosody/modules/mod_privilege'),
  apt: 'prosody-modules',
  brew: undefined,
  dnf: undefined,
}
const ejabberd = {
  name: 'ejabberd',
  present: () => onPath('ejabberdctl') && onPath('erl'),
  apt: 'ejabberd',
  brew: 'ejabberd',
  dnf: 'ejabberd',
}
const slixmpp = {
  name: 'slixmpp for python3',
  present: hasSlixmpp,
  // It uploads by aiohttp.
  apt: ['python3-slixmpp', 'python3-aiohttp'],
  brew: undefined,
  dnf: ['python3-slixmpp', 'python3-aiohttp'],
}
const openssl = { name: 'openssl', present: () => onPath('openssl'), apt: 'openssl', brew: 'openssl', dnf: 'openssl' }
const haproxy = { name: 'haproxy', present: () => onPath('haproxy'), apt: 'haproxy', brew: 'haproxy', dnf: 'haproxy' }
const compiler = { name: 'a C compiler', present: hasCompiler, apt: ['gcc', 'libc6-dev'], brew: 'gcc', dnf: 'gcc' }
const prometheus = {
  name: 'prometheus and promtool',
  present: () => onPath('prometheus') && onPath('promtool'),
  apt: 'prometheus',
  brew: 'prometheus',
  dnf: 'golang-github-prometheus',
}

const postgresql = {
  name: 'postgresql',
  present: hasPostgresql,
  apt: ['postgresql', 'util-linux'],
  brew: 'postgresql',
  dnf: 'postgresql-server',
}

/** The page of a link is looked at in a real browser. */
const chromium = {
  name: 'chromium',
  present: () => onPath('chromium') || onPath('chromium-browser') || onPath('google-chrome') || existsSync(macChrome),
  apt: 'chromium',
  brew: 'chromium',
  dnf: 'chromium',
}

/** Network namespaces, and what leaves them; tests that need them say so where they cannot be had. */
const networking = {
  name: 'nft and ss',
  present: () => process.platform !== 'linux' || (onPath('nft') && onPath('ip') && onPath('ss')),
  apt: ['nftables', 'iproute2'],
  brew: undefined,
  dnf: ['nftables', 'iproute'],
}

/** Makes system calls fail; tests that need it say so where nobody may trace a process. */
const strace = {
  name: 'strace',
  present: () => process.platform !== 'linux' || onPath('strace'),
  apt: 'strace',
  brew: undefined,
  dnf: 'strace',
}
const iptables = {
  name: 'iptables',
  present: () => onPath('iptables'),
  apt: 'iptables',
  brew: undefined,
  dnf: 'iptables',
}
const needs = {
  demo: [redis, prosody],
  test: [redis, prosody, prosodyModules, ejabberd, haproxy, slixmpp, openssl, prometheus, networking, chromium, strace],
  cluster: [slixmpp],
  bench: [redis, prosody, ejabberd, haproxy, compiler],
  faults: [redis, prosody, ejabberd, iptables, networking, strace],
  postgresql: [postgresql, prosody, redis],
}

/** Installs packages without starting their services: we start our own, on ports of our own. */
const quietInstall = `
set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > $policy
  chmod 755 $policy
fi
apt-get install -y --no-install-recommends "$@"
`

await main(process.argv.slice(2))

async function main(args) {
  const purpose = args[0] === '--for' ? args[1] : undefined
  const [command, ...rest] = purpose === undefined ? args : args.slice(2)
  if (command === undefined || (purpose !== undefined && !Object.hasOwn(needs, purpose))) {
    fail('usage: node deploy/local/setup.mjs [--for demo|test|cluster|bench|faults|postgresql] COMMAND [ARGS…]', 2)
  }
  if (!existsSync(join(binaries, 'node')) || readStamp() !== lockDigest()) await installModules()
  checkNode()
  const missing = purpose === undefined ? [] : needs[purpose].filter((program) => !program.present())
  if (missing.length > 0) await installPrograms(missing)
  run(command, rest)
}

async function installModules() {
  // Without our own .bin on its PATH, npm never runs on the Node that it is about to replace.
  const npm = ['npm', 'ci', '--include=dev', '--no-audit', '--no-fund']
  await step('npm packages', npm, { ...process.env, PATH: hostPath.join(delimiter) })
  writeFileSync(stampFile(), lockDigest())
}

/** The digest of the lockfile that node_modules was installed from, kept beside the packages. */
function readStamp() {
  return existsSync(stampFile()) ? readFileSync(stampFile(), 'utf8') : undefined
}

function stampFile() {
  return join(modules, '.installed-lock')
}

function lockDigest() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
}

function checkNode() {
  const { stdout, error } = spawnSync(join(binaries, 'node'), ['--version'], { encoding: 'utf8' })
  if (stdout?.startsWith(`v${nodeMajor}.`)) return
  const found = error ? error.message : `it is ${stdout.trim() || 'not runnable'}`
  fail(
    `Cannot use node_modules/.bin/node as Node ${nodeMajor}: ${found}.\n` +
      'npm may have been told not to run install scripts; try `npm rebuild node --ignore-scripts=false`,\n' +
      'or remove node_modules and start again.',
  )
}

async function installPrograms(missing) {
  const names = missing.map((program) => program.name).join(', ')
  if (!onPath('apt-get')) {
    fail(
      `Cannot find ${names}, and there is no apt-get to install from. Please install it yourself:\n${hints(missing)}`,
    )
  }
  const isRoot = process.getuid?.() === 0
  if (!isRoot && !onPath('sudo')) {
    fail(`Cannot install ${names}: that takes root, and there is no sudo. As root:\n${hints(missing, ['apt'])}`)
  }
  const asRoot = isRoot ? [] : ['sudo', '-n']
  const env = { ...process.env, PATH: hostPath.join(delimiter), DEBIAN_FRONTEND: 'noninteractive' }
  const update = [...asRoot, 'apt-get', 'update']
  const install = [...asRoot, 'sh', '-c', quietInstall, 'sh', ...missing.flatMap((program) => program.apt)]

  const listed = hasPackageList()
  if (!listed) await step('package list', update, env)
  // A list that is there may be too old to install from.
  const installed = await step(names, install, env, { mayFail: listed })
  if (!installed) {
    await step('package list', update, env)
    await step(names, install, env)
  }
  const still = missing.filter((program) => !program.present()).map((program) => program.name)
  if (still.length > 0) fail(`Cannot find ${still.join(', ')} although apt-get has installed it`)
}

function hasPackageList() {
  try {
    return readdirSync('/var/lib/apt/lists').some((name) => /_Packages(\.|$)/.test(name))
  } catch {
    return false
  }
}

function hints(missing, managers = ['brew', 'dnf', 'apt']) {
  const commands = { brew: 'brew install', dnf: 'sudo dnf install', apt: 'apt-get install' }
  const lines = managers.map((manager) => {
    const packages = missing.flatMap((program) => program[manager] ?? [])
    return packages.length > 0 ? `  ${commands[manager]} ${packages.join(' ')}` : undefined
  })
  if (missing.includes(slixmpp) && managers.includes('brew')) lines.push('  python3 -m pip install slixmpp aiohttp')
  return lines.filter((line) => line !== undefined).join('\n')
}

/** Runs one step of the installation: a line when it starts, its time when it is done, its output only when it fails. */
async function step(what, [command, ...args], env, { mayFail = false } = {}) {
  const started = Date.now()
  process.stderr.write(`setup: installing ${what} … `)
  const { code, output } = await capture(command, args, env)
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  process.stderr.write(`${code === 0 ? 'done' : 'failed'} in ${seconds} s\n`)
  if (code === 0 || mayFail) return code === 0
  process.stderr.write(output)
  return fail(`Cannot install ${what}: \`${[command, ...args].slice(0, 3).join(' ')}\` ended with ${code}`)
}

function capture(command, args, env) {
  return new Promise((resolve) => {
    const output = []
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.on('data', (chunk) => output.push(chunk))
    child.stderr.on('data', (chunk) => output.push(chunk))
    child.once('error', (error) => resolve({ code: error.code, output: `${error.message}\n` }))
    child.once('close', (code, signal) => resolve({ code: code ?? signal, output: Buffer.concat(output) }))
  })
}

function run(command, args) {
  const env = { ...process.env, PATH: [binaries, ...hostPath].join(delimiter) }
  const child = spawn(command, args, { env, stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal has sent its Ctrl-C to the command too, and a second one would force it.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.once('error', (error) => fail(`Cannot run ${command}: ${error.message}`, 127))
  child.once('exit', (code, signal) => process.exit(code ?? 128 + os.signals[signal]))
}

function onPath(program) {
  return hostPath.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Debian keeps the server off the PATH, in a folder for each release. */
function hasPostgresql() {
  const folder = '/usr/lib/postgresql'
  return (
    onPath('postgres') ||
    (existsSync(folder) && readdirSync(folder).some((release) => existsSync(join(folder, release, 'bin/initdb'))))
  )
}

function hasSlixmpp() {
  // Debian's python3, where apt puts the module; the first on PATH elsewhere.
  const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
  return spawnSync(python, ['-c', 'import slixmpp, aiohttp'], { stdio: 'ignore' }).status === 0
}

/** A compiler without the headers of libc compiles nothing. */
function hasCompiler() {
  const source = '#include <stdio.h>\n'
  return spawnSync('cc', ['-E', '-'], { input: source, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0
}

function unique(values) {
  return [...new Set(values)]
}

function fail(message, code = 1) {
  process.stderr.write(`setup: ${message}\n`)
  process.exit(code)
}
