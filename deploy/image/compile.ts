import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/**
 * Runs control and a relay in one process until both have started, while an image is built: Node keeps what it compiled
 * in the folder of NODE_COMPILE_CACHE, and containers start from there. No XMPP server is there, and none is needed.
 */
const main = fileURLToPath(new URL('../../services/cli/main.ts', import.meta.url))
const child = spawn(process.execPath, [main, 'serve'], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: {
    ...process.env,
    CONTROL_COMPONENT_DOMAIN: 'proxy.example.com',
    CONTROL_COMPONENT_SECRET: 'not a secret',
    CONTROL_STREAMHOSTS: 'proxy.example.com:7777',
    RELAY_DRAIN_DELAY_MS: '0',
  },
})
for await (const line of createInterface({ input: child.stdout })) {
  console.log(line)
  // Control tells so when it has found that there is no XMPP server: by then it has started.
  if (JSON.parse(line).service === 'control') child.kill('SIGTERM')
}
const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode]
process.exitCode = code
