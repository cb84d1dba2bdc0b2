import type { ServiceProcess } from '../../deploy/local/service.ts'

/** The sum of a metric's samples whose labels include these, over all the services; 0 where there is none. */
export async function sample(
  services: ServiceProcess | readonly ServiceProcess[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const texts = await Promise.all([services].flat().map((service) => service.metrics()))
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  let sum = 0
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    const [, found, labelled = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (found === name && wanted.every((label) => labelled.split(',').includes(label))) sum += Number(value)
  }
  return sum
}
