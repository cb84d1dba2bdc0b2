import { Failure } from '../../shared/bytestream/failure.ts'

/** Where blobs are in an object store. */
export interface S3Address {
  readonly bucket: string
  /** Empty, or ends with a slash. */
  readonly prefix: string
  /** Of a store that is not Amazon's: with one, buckets are paths and not host names. */
  readonly endpoint?: string
  readonly region?: string
}

/** Reads `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`. Throws `malformed`. */
export function parseS3Url(text: string): S3Address {
  const url = URL.parse(text)
  if (url?.protocol !== 's3:' || url.hostname === '') {
    throw new Failure('malformed', 'Cannot read COURIER_BLOBS_URL: it must be s3://BUCKET/PREFIX')
  }
  for (const name of url.searchParams.keys()) {
    if (name !== 'endpoint' && name !== 'region') {
      throw new Failure('malformed', `Cannot read COURIER_BLOBS_URL: there is no parameter ${name}`)
    }
  }
  const endpoint = url.searchParams.get('endpoint')
  const region = url.searchParams.get('region')
  const path = url.pathname.replace(/^\/+|\/+$/g, '')
  return {
    bucket: url.hostname,
    prefix: path === '' ? '' : `${path}/`,
    ...(endpoint !== null && { endpoint }),
    ...(region !== null && { region }),
  }
}
