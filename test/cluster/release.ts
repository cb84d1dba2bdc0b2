import { stringify } from 'yaml'
import { images } from './cluster.ts'
import type { Namespace, Pod } from './namespace.ts'
import { componentSecret } from './xmpp.ts'

/** Values of the chart. */
export type Values = Readonly<Record<string, unknown>>

/** The chart's workloads. */
export type Component = 'control' | 'courier' | 'relay' | 'redis'

const chart = 'helm/splice65'
const name = 'files'
const deadline = ['--wait', '--timeout=180s']

/** One release of the chart in a namespace of the test. */
export class Release {
  readonly #namespace: Namespace

  constructor(namespace: Namespace) {
    this.#namespace = namespace
  }

  /** Installs it with these values over those that every test needs, and returns when everything is ready. */
  async install(values: Values, options: { readonly wait?: boolean } = {}): Promise<void> {
    const flags = options.wait === false ? [] : deadline
    await this.#namespace.helm(['install', name, chart, '--values=-', ...flags], { input: withCommon(values) })
  }

  /** Returns when every pod runs with the new values. */
  async upgrade(values: Values): Promise<void> {
    await this.#namespace.helm(['upgrade', name, chart, '--values=-', ...deadline], { input: withCommon(values) })
    await this.rolledOut('control', 'relay')
  }

  async rollback(): Promise<void> {
    await this.#namespace.helm(['rollback', name, ...deadline])
    await this.rolledOut('control', 'relay')
  }

  /** `helm test`; returns what its pod said. */
  async test(): Promise<string> {
    const said = await this.#namespace.helm(['test', name, '--logs', '--timeout=180s'])
    // Helm leaves it for its log, even when the release goes.
    await this.#namespace.kubectl(['delete', 'pod', `--selector=${this.selector('test')}`])
    return said
  }

  /** Uninstalls it, and waits until its pods are gone. */
  async uninstall(): Promise<void> {
    const pods = await this.#namespace.pods(this.selector())
    await this.#namespace.helm(['uninstall', name])
    await this.#namespace.gone(pods.map((pod) => `pod/${pod.metadata.name}`))
  }

  /** Replaces every pod of these, one after the other. Returns when Kubernetes has begun. */
  async restart(...components: readonly Component[]): Promise<void> {
    await this.#namespace.kubectl(['rollout', 'restart', ...components.map((each) => this.workload(each))])
  }

  /** Waits until every pod is as its workload wants it. */
  async rolledOut(...components: readonly Component[]): Promise<void> {
    for (const each of components) {
      await this.#namespace.kubectl(['rollout', 'status', this.workload(each), '--timeout=240s'], {
        timeoutMs: 250_000,
      })
    }
  }

  workload(component: Component): string {
    const kind = component === 'relay' || component === 'courier' ? 'statefulset' : 'deployment'
    return `${kind}/${name}-splice65-${component}`
  }

  selector(component?: Component | 'test'): string {
    const instance = `app.kubernetes.io/instance=${name}`
    return component ? `${instance},app.kubernetes.io/component=${component}` : instance
  }

  pods(component: Component): Promise<Pod[]> {
    return this.#namespace.pods(this.selector(component))
  }

  /** Everything that the relays which run now have logged. */
  async relayLog(): Promise<Readonly<Record<string, unknown>>[]> {
    const text = await this.#namespace.kubectl(['logs', `--selector=${this.selector('relay')}`, '--tail=-1'])
    return text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
  }

  /** What `expression` is in a pod's Node. */
  async evaluate(pod: string, expression: string): Promise<string> {
    return (await this.#namespace.kubectl(['exec', pod, '--', 'node', '--print', expression])).trim()
  }
}

function withCommon(values: Values): string {
  const [repository, tag] = images.splice65.tag.split(':')
  return stringify({
    image: { repository, tag },
    component: { domain: 'proxy.example.test', host: 'prosody', existingSecret: componentSecret.name },
    ...values,
  })
}
