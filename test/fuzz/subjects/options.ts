import assert from 'node:assert/strict'
import { controlOptions } from '../../../services/control/config.ts'
import { relayOptions } from '../../../services/relay/config.ts'
import { Failure } from '../../../services/shared/bytestream/failure.ts'
import { environmentName, type OptionSchema, readOptions } from '../../../services/shared/runtime/options.ts'
import type { Choices } from '../choices.ts'
import type { Subject } from '../subject.ts'

interface Given {
  readonly service: 'control' | 'relay'
  readonly environment: Readonly<Record<string, string>>
}

const schemas: Readonly<Record<Given['service'], OptionSchema>> = { control: controlOptions, relay: relayOptions }
const good = {
  CONTROL_COMPONENT_DOMAIN: 'proxy.ex.com',
  CONTROL_COMPONENT_SECRET: 'canary-secret',
  CONTROL_STREAMHOSTS: 'r.ex.com:7777',
}
const values = [
  ...[
    '',
    ' ',
    '0',
    '1',
    '-1',
    '1.5',
    '1e9',
    '9007199254740993',
    '99999',
    'true',
    'no',
    'ä',
    '\u202e',
    'x'.repeat(5_000),
  ],
  ...[
    'a,b,,',
    'ex.com',
    '*.ex.com',
    '*',
    '@',
    'a@ex.com',
    'x=r.ex.com:1',
    '[::1]:7',
    'r:0',
    ':',
    '10.0.0.0/8',
    '::/0',
    '/33',
  ],
  ...[
    '/nonexistent',
    'auto',
    'splice',
    'info',
    'redis://[::1',
    'memory:',
    'mailto:a@b',
    '30777+{ordinal}',
    '{pod}.ex.com',
  ],
] as const

/** The options of both services, from environments that begin as good ones. */
export async function openOptions(): Promise<Subject<Given>> {
  const names = { control: variables('control'), relay: variables('relay') }
  return {
    make(choices) {
      const service = choices.pick<Given['service']>(['relay', 'control'])
      const environment: Record<string, string> = service === 'control' ? { ...good } : {}
      for (let count = choices.below(6); count > 0; count--) {
        environment[variable(names[service], choices)] = choices.pick(values)
      }
      return { service, environment }
    },
    show: (given) => JSON.stringify(given),
    check({ service, environment }) {
      try {
        assert.ok(Object.isFrozen(readOptions(service, schemas[service], environment)))
      } catch (error) {
        assert.ok(error instanceof Failure && error.code === 'malformed', `not a failure: ${error}`)
        assert.ok(!error.message.includes(good.CONTROL_COMPONENT_SECRET), 'the secret is told')
      }
    },
  }
}

function variables(service: Given['service']): string[] {
  const names = Object.keys(schemas[service].shape).map((option) => environmentName(service, option))
  return [...names, ...names.map((name) => `${name}_FILE`), `${service.toUpperCase()}_TYPO`]
}

function variable(names: readonly string[], choices: Choices): string {
  return names[choices.below(names.length)] ?? 'PATH'
}
