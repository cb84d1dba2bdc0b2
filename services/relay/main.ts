import { run } from '../shared/runtime/run.ts'
import { relayOptions } from './config.ts'
import { accessOfPod, openKubernetes } from './public-address/kubernetes.ts'
import { startRelay } from './wire.ts'

await run('relay', relayOptions, (config) =>
  startRelay(config, { kubernetes: openKubernetes(accessOfPod(process.env)) }),
)
