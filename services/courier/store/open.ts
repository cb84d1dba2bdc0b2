import type { CourierConfig } from '../config.ts'
import type { BlobStore } from './blobs.ts'
import { openDiskBlobs } from './disk.ts'

/** Opens the blob store that the options name. The caller closes it. Throws `unavailable` when it cannot be used. */
export async function openBlobs(
  config: Pick<CourierConfig, 'blobsUrl' | 'dataFolder' | 'keepFreeBytes'>,
): Promise<BlobStore> {
  return await openDiskBlobs(config.dataFolder, config)
}
