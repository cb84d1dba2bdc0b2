import { Failure } from '../../shared/bytestream/failure.ts'
import type { CourierConfig } from '../config.ts'
import type { BlobStore } from './blobs.ts'
import { openDiskBlobs } from './disk.ts'

type BlobOptions = Pick<CourierConfig, 'blobsUrl' | 'dataFolder' | 'keepFreeBytes' | 'maxFileBytes'> &
  Pick<CourierConfig, 's3AccessKeyId' | 's3SecretAccessKey'>

/** Opens the blob store that the options name. The caller closes it. Throws `unavailable` when it cannot be used. */
export async function openBlobs(config: BlobOptions): Promise<BlobStore> {
  const { blobsUrl, dataFolder, keepFreeBytes, s3AccessKeyId, s3SecretAccessKey } = config
  if (blobsUrl.startsWith('disk:')) return await openDiskBlobs(dataFolder, { keepFreeBytes })
  // The SDK is large: who keeps blobs on disk need not load it.
  const [{ mostPutBytes, openS3Blobs }, { parseS3Url }] = await Promise.all([import('./s3.ts'), import('./s3-url.ts')])
  if (config.maxFileBytes > mostPutBytes) {
    throw new Failure(
      'malformed',
      `COURIER_MAX_FILE_BYTES can be ${mostPutBytes} at most where blobs are in an object store`,
    )
  }
  const credentials =
    s3AccessKeyId !== undefined && s3SecretAccessKey !== undefined
      ? { accessKeyId: s3AccessKeyId, secretAccessKey: s3SecretAccessKey }
      : undefined
  const blobs = await openS3Blobs(parseS3Url(blobsUrl), {
    folder: dataFolder,
    keepFreeBytes,
    ...(credentials && { credentials }),
  })
  try {
    await blobs.check()
    return blobs
  } catch (error) {
    await blobs.close()
    throw error
  }
}
