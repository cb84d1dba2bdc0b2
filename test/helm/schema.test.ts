import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Ajv, type ValidateFunction } from 'ajv'
import { parse } from 'yaml'
import type { JsonSchema } from '../../deploy/chart/json-schema.ts'
import { helmMajors, runHelm } from '../support/helm.ts'
import { chartFolder, leastValues, merge } from './render.ts'

const schema: JsonSchema = JSON.parse(await readFile(join(chartFolder, 'values.schema.json'), 'utf8'))
const defaults: object = parse(await readFile(join(chartFolder, 'values.yaml'), 'utf8'))

describe('values.schema.json', () => {
  // Helm knows what a URI is; here it need only be a string.
  const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false, formats: { uri: true } })
  const validate: ValidateFunction = ajv.compile(schema)

  /** Where the schema finds fault with these values, laid over the defaults. */
  function faults(values: object): string[] {
    validate(merge(defaults, values))
    return (validate.errors ?? []).map(({ instancePath, params }) =>
      [instancePath, params.additionalProperty].filter((part) => part !== undefined).join('/'),
    )
  }

  it('takes the defaults, and what an installation must say', () => {
    assert.deepEqual(faults({}), [])
    assert.deepEqual(faults(leastValues), [])
  })

  it('takes what a parent chart passes down', () => {
    assert.deepEqual(faults({ global: { imageRegistry: 'registry.example.com' }, enabled: true }), [])
  })

  it('takes options of the services, each as its own type', () => {
    const control = { allow: ['example.com'], discoSoftware: true, activationTimeoutMs: 4_000, logLevel: 'debug' }
    const relay = { engine: 'stream', streamRateBytes: 10_737_418_240, logLevel: 'warn' }
    assert.deepEqual(faults({ control: { options: control }, relay: { options: relay } }), [])
  })

  const refused: readonly (readonly [what: string, values: object, where: string])[] = [
    ['an unknown value', { exposures: {} }, '/exposures'],
    ['an unknown value within', { exposure: { service: { nodeport: 30777 } } }, '/exposure/service/nodeport'],
    ['an unknown mode', { exposure: { mode: 'perPod' } }, '/exposure/mode'],
    ['a port that is none', { exposure: { port: 65_536 } }, '/exposure/port'],
    ['a port as text', { component: { port: '5347' } }, '/component/port'],
    ['half a replica', { control: { replicas: 1.5 } }, '/control/replicas'],
    ['a flag as text', { networkPolicy: { enabled: 'true' } }, '/networkPolicy/enabled'],
    ['an annotation that is no text', { relay: { podAnnotations: { a: true } } }, '/relay/podAnnotations/a'],
    ['an unknown option', { relay: { options: { idleTimeout: 5 } } }, '/relay/options/idleTimeout'],
    ['an option of the other service', { relay: { options: { allow: ['*'] } } }, '/relay/options/allow'],
    ['an option below its least', { relay: { options: { idleTimeoutMs: 0 } } }, '/relay/options/idleTimeoutMs'],
    [
      'an option above its most',
      { control: { options: { perPodStreamhosts: 21 } } },
      '/control/options/perPodStreamhosts',
    ],
    ['an option of another type', { control: { options: { allow: 'example.com' } } }, '/control/options/allow'],
    ['a word that an option does not know', { relay: { options: { engine: 'sendfile' } } }, '/relay/options/engine'],
    ['an option that the chart decides', { relay: { options: { listen: ['0.0.0.0:1'] } } }, '/relay/options/listen'],
    [
      'a secret among the options',
      { control: { options: { componentSecret: 'x' } } },
      '/control/options/componentSecret',
    ],
  ]
  for (const [what, values, where] of refused) {
    it(`refuses ${what}`, () => assert.deepEqual(faults(values), [where]))
  }

  for (const helm of helmMajors) {
    it(`is what Helm ${helm} judges by`, async () => {
      const set = ['--set', 'component.domain=a.b,component.host=c,component.secret=d,exposure.host=e']
      await runHelm(helm, ['lint', '--strict', chartFolder, ...set])
      await assert.rejects(runHelm(helm, ['lint', chartFolder, ...set, '--set', 'relay.option.engine=auto']), /option/)
    })
  }

  it('closes every object of ours and describes everything in it', () => {
    const all = [...objectsOf(schema, '')]
    assert.ok(all.length > 30)
    for (const [path, { additionalProperties, properties = {} }] of all) {
      assert.equal(additionalProperties, false, `${path} takes keys that it does not know`)
      for (const [key, { description }] of Object.entries(properties)) {
        assert.ok(description, `${path}/${key} is not described`)
      }
    }
  })
})

/** Every object whose keys are ours. */
function* objectsOf(of: JsonSchema, path: string): Generator<[path: string, schema: JsonSchema]> {
  if (!of.properties) return
  yield [path, of]
  for (const [key, child] of Object.entries(of.properties)) yield* objectsOf(child, `${path}/${key}`)
}
