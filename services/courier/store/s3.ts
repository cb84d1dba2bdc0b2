import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { Failure, messageOf } from '../../shared/bytestream/failure.ts'
import { killPoint } from '../../shared/runtime/kill-point.ts'
import type { BlobStore, BlobWriter } from './blobs.ts'
import { Folder, isKey } from './folder.ts'
import type { S3Address } from './s3-url.ts'
import { SpoolFile } from './spool.ts'

/** What one upload may have (Amazon S3, PutObject). */
export const mostPutBytes = 5 * 2 ** 30

interface S3Options {
  /** Where blobs are spooled while they come in: a folder of this replica. */
  readonly folder: string
  readonly keepFreeBytes: number
  /** Left out: as the AWS SDK finds it. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/**
 * Keeps blobs in an object store. What comes in is spooled on disk, resumable by this replica, and put in one upload when it
 * is whole: the store checks the SHA-256 that goes with it, and its answer is the durability. The caller closes it.
 */
export async function openS3Blobs(address: S3Address, options: S3Options): Promise<BlobStore> {
  const { bucket: Bucket, prefix, endpoint } = address
  const client = new S3Client({
    region: address.region ?? 'us-east-1',
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(options.credentials && { credentials: options.credentials }),
    // Other stores than Amazon's do not all know the SDK's own checksums in trailers; ours is in a header.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  const incoming = new Folder(join(options.folder, 'incoming'))
  await incoming.make()
  const object = (key: string) => ({ Bucket, Key: `${prefix}blobs/${named(key)}` })

  const put = async (key: string, file: SpoolFile): Promise<Awaited<ReturnType<BlobWriter['finish']>>> => {
    const stored = await file.sync()
    const body = createReadStream(file.path)
    // The client only pipes it: what the disk refuses would else be nobody's error.
    const unreadable = new AbortController()
    body.on('error', (error) => unreadable.abort(error))
    const request = new PutObjectCommand({
      ...object(key),
      Body: body,
      ContentLength: stored.size,
      ContentType: 'application/octet-stream',
      ChecksumSHA256: Buffer.from(stored.sha256, 'hex').toString('base64'),
    })
    try {
      await asking(`Cannot store blob ${key}`, () => client.send(request, { abortSignal: unreadable.signal }))
      killPoint('parcel-put')
      return stored
    } finally {
      body.destroy()
      await rm(file.path, { force: true })
    }
  }

  return {
    async write(key, terms) {
      const file = await SpoolFile.open(incoming, key, { ...terms, keepFreeBytes: options.keepFreeBytes })
      return {
        get bytes() {
          return file.bytes
        },
        write: (chunk) => file.write(chunk),
        read: () => file.read(),
        finish: () => put(key, file),
        keep: () => file.keep(),
        discard: () => file.discard(),
      }
    },
    async *read(key, { start, end }) {
      const request = { ...object(key), Range: `bytes=${start}-${end - 1}` }
      if (end <= start) return
      try {
        const { Body } = await client.send(new GetObjectCommand(request))
        // A stream of Node’s, in Node.
        yield* Body as Readable
      } catch (cause) {
        throw s3Failure(cause, `Cannot read blob ${key}`)
      }
    },
    async size(key) {
      try {
        return (await client.send(new HeadObjectCommand(object(key)))).ContentLength ?? 0
      } catch (cause) {
        const failure = s3Failure(cause, `Cannot look for blob ${key}`)
        if (failure.code === 'not-found') return undefined
        throw failure
      }
    },
    async remove(key) {
      await rm(incoming.file(key), { force: true })
      await asking(`Cannot take blob ${key} away`, () => client.send(new DeleteObjectCommand(object(key))))
    },
    async quarantine(key) {
      await asking(`Cannot put blob ${key} into quarantine`, async () => {
        const { Bucket, Key } = object(key)
        await client.send(
          new CopyObjectCommand({ Bucket, CopySource: `${Bucket}/${Key}`, Key: `${prefix}quarantine/${key}` }),
        )
        await client.send(new DeleteObjectCommand({ Bucket, Key }))
      })
    },
    async *list() {
      yield* incoming.list()
      let ContinuationToken: string | undefined
      do {
        const request = { Bucket, Prefix: `${prefix}blobs/`, ...(ContinuationToken && { ContinuationToken }) }
        const page = await asking('Cannot list blobs', () => client.send(new ListObjectsV2Command(request)))
        for (const { Key = '', LastModified } of page.Contents ?? []) {
          const key = Key.slice(`${prefix}blobs/`.length)
          if (isKey(key) && LastModified) yield { key, changedAt: LastModified }
        }
        ContinuationToken = page.NextContinuationToken
      } while (ContinuationToken)
    },
    async check() {
      await incoming.check()
      await client.send(new HeadBucketCommand({ Bucket })).catch((cause: unknown) => {
        throw new Failure('unavailable', `Cannot use bucket ${Bucket}: ${messageOf(cause)}`, { cause })
      })
    },
    close: async () => client.destroy(),
  }
}

function named(key: string): string {
  if (!isKey(key)) throw new Failure('malformed', `Not a key of a blob: ${JSON.stringify(key)}`)
  return key
}

async function asking<T>(attempt: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    throw s3Failure(cause, attempt)
  }
}

/** The store's answer that there is none is `not-found`; anything else is `unavailable`. */
function s3Failure(cause: unknown, attempt: string): Failure {
  if (cause instanceof Failure) return cause
  const isAbsent = cause instanceof S3ServiceException && ['NoSuchKey', 'NotFound'].includes(cause.name)
  return new Failure(isAbsent ? 'not-found' : 'unavailable', `${attempt}: ${messageOf(cause)}`, { cause })
}
