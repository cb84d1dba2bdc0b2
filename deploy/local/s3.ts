import { fileURLToPath } from 'node:url'
import { startChild } from './child.ts'
import { temporaryFolder } from './folder.ts'
import { freePort } from './port.ts'
import { lineAppears } from './readiness.ts'
import { type Restartable, restartable } from './restartable.ts'

/** An object store on loopback that speaks S3. What is in it outlives a restart, and goes when it is stopped. */
export interface S3Server extends Restartable {
  readonly endpoint: string
  /** The one that there is. */
  readonly bucket: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

const program = fileURLToPath(new URL('../../node_modules/s3rver/bin/s3rver.js', import.meta.url))

/** Starts s3rver, which keeps objects as files of a temporary folder. Whoever starts it stops it. */
export async function startS3(): Promise<S3Server> {
  const port = await freePort()
  const folder = temporaryFolder('s3')
  const bucket = 'parcels'
  const server = await restartable(
    () =>
      startChild({
        name: `s3rver on port ${port}`,
        command: process.execPath,
        args: [program, '-d', folder.path, '-a', '127.0.0.1', '-p', String(port), '--configure-bucket', bucket],
        logFile: folder.file('s3rver.log'),
        ready: lineAppears(/listening on/),
      }),
    () => folder.remove(),
  )
  return Object.assign(server, {
    endpoint: `http://127.0.0.1:${port}`,
    bucket,
    // Its own, which it knows and no other.
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
  })
}
