import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader'

const files = ['splice65/relay/v1/relay.proto', 'splice65/control/v1/control.proto']

interface Descriptor {
  readonly name: string
  readonly field?: readonly {
    readonly name: string
    readonly number: number
    readonly type: string
    readonly label: string
    readonly typeName: string
  }[]
  readonly value?: readonly { readonly name: string; readonly number: number }[]
}

/** The calls, messages and enums of the protos in a folder, by what goes over the wire: each fact on a line. */
export function wireFacts(folder: string): Set<string> {
  const definitions: PackageDefinition = loadSync(files, { includeDirs: [folder] })
  return new Set(
    Object.entries(definitions).flatMap(([name, definition]) => {
      if ('format' in definition)
        return typeFacts(name, (definition as MessageTypeDefinition<object, object>).type as Descriptor)
      return Object.values(definition).map(
        ({ path, requestType, responseType }) =>
          `${path} takes ${nameOf(requestType)} and gives ${nameOf(responseType)}`,
      )
    }),
  )
}

/** What an earlier version relies on and a later one does not keep. */
export function broken(previous: ReadonlySet<string>, current: ReadonlySet<string>): string[] {
  return [...previous].filter((fact) => !current.has(fact))
}

function typeFacts(name: string, { field = [], value = [] }: Descriptor): string[] {
  return [
    ...field.map(
      (each) => `${name} has field ${each.number} ${each.name}: ${each.label} ${each.type} ${each.typeName}`,
    ),
    ...value.map((each) => `${name} has value ${each.number} ${each.name}`),
  ]
}

function nameOf({ type }: { readonly type: object }): string {
  return (type as Descriptor).name
}
