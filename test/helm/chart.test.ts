import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { helmMajors, runHelm } from '../support/helm.ts'
import { modes } from './modes.ts'
import { chartFolder, fullname, notes, render } from './render.ts'

describe('helm/splice65', () => {
  it('is of the version of the application', async () => {
    const chart = parse(await readFile(join(chartFolder, 'Chart.yaml'), 'utf8'))
    const { version } = JSON.parse(
      await readFile(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'),
    )
    assert.equal(chart.appVersion, version)
    assert.equal(chart.kubeVersion, '>=1.20.0-0')
  })

  for (const helm of helmMajors) {
    it(`has nothing that Helm ${helm} finds fault with, whatever the values of ci/`, async () => {
      const files = await readdir(join(chartFolder, 'ci'))
      assert.ok(files.length >= 5)
      for (const file of files) {
        await runHelm(helm, ['lint', '--strict', chartFolder, '--values', join(chartFolder, 'ci', file)])
        await runHelm(helm, ['template', 'x', chartFolder, '--values', join(chartFolder, 'ci', file)])
      }
    })
  }
})

describe('extraObjects', () => {
  it('may be YAML or text, and are templates', async () => {
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '{{ .Release.Name }}-yaml' } }
    const text = 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ include "splice65.fullname" . }}-text\n'
    const names = (await render({ extraObjects: [configMap, text] })).names()
    assert.ok(names.includes('ConfigMap/proxy-yaml'))
    assert.ok(names.includes(`Secret/${fullname}-text`))
  })
})

describe('the notes', () => {
  it('have the lines to paste, with the names of this release', async () => {
    const text = await notes({ component: { domain: 'files.example.org', port: 5348 } })
    assert.match(text, /^NOTES:\nsplice65 \d+\.\d+\.\d+ is files\.example\.org: 2 control, 2 relays\./)
    assert.match(text, /Component "files\.example\.org"\n +component_secret/)
    assert.match(text, /users are not of example\.org/)
    assert.match(text, /component_ports = \{ 5348 \}/)
    assert.match(
      text,
      /- port: 5348\n +module: ejabberd_service\n +global_routes: false\n +hosts:\n +files\.example\.org:/,
    )
    assert.match(text, /Openfire: .* on port 5348 [\s\S]*subdomain files with /)
    assert.match(text, /kubectl -n transfer get secret component -o jsonpath='\{\.data\.component-secret\}'/)
    assert.match(text, /helm -n transfer test proxy/)
  })

  it('say where clients dial, in every mode', async () => {
    const expected: Record<keyof typeof modes, RegExp> = {
      'a load balancer': /told proxy\.example\.com:7777, TCP\. .*-socks:/,
      'a node port': /told proxy\.example\.com:30777, TCP\. .* port 30777 of the nodes that have a relay/,
      'a load balancer of the user’s own': /told proxy\.example\.com:443, .*something of yours in front/,
      'three load-balanced addresses': /told proxy\.example\.com:7777, https=proxy\.example\.com:443, elsewhere=/,
      'an IPv6 address': /told \[2001:db8::7\]:7777/,
      'the PROXY protocol': /Only load balancers at 10\.0\.0\.0\/8, fd00::\/8 /,
      'a load balancer for each relay': /the address of its Service, port 7777, .* Services proxy-splice65-relay-0/,
      'a named load balancer for each relay': /publishes relay-\{ordinal\}\.example\.com, port 7777/,
      'the PROXY protocol for each relay': /Only load balancers at 10\.0\.0\.0\/8 /,
      'a node port for each relay': /node's external address, port 30777\+\{ordinal\}, .* node ports 30777 to 30778\./,
      'a node port for each relay of one host': /publishes proxy\.example\.com, port 30777\+\{ordinal\}/,
      'host ports': /node's external address, port 7777, .* port 7777 of the nodes/,
      'host ports at the node’s own address': /publishes its node's address, port 7777/,
      'host ports and the PROXY protocol': /must send the PROXY protocol/,
      'the network of the node': /port 7777 of the nodes/,
      'the network of the node and the PROXY protocol': /must send the PROXY protocol/,
    }
    for (const [mode, values] of Object.entries(modes)) {
      assert.match(await notes(values), expected[mode as keyof typeof modes], mode)
    }
  })

  it('say what is missing, and nothing when nothing is', async () => {
    const bare = await notes({ component: { existingSecret: '', secret: 'x' }, control: { replicas: 1 } })
    for (const what of [
      /built-in Redis/,
      /component\.existingSecret/,
      /rpc\.tls/,
      /networkPolicy/,
      /monitoring\./,
      /replicas=2/,
    ]) {
      assert.match(bare, what)
    }
    const full = await notes({
      rpc: { tls: { enabled: true } },
      redis: { builtin: { enabled: false }, existingSecret: 'redis' },
      networkPolicy: { enabled: true },
      monitoring: { podMonitor: { enabled: true }, rules: { enabled: true } },
    })
    assert.doesNotMatch(full, /missing/)
  })

  it('never tell the secret', async () => {
    const text = await notes({ component: { existingSecret: '', secret: 'hunter2' } })
    assert.doesNotMatch(text, /hunter2/)
    assert.match(text, new RegExp(`secret ${fullname}-component`))
  })
})
