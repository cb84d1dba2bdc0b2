import type { CourierConfig } from '../config.ts'
import type { BlobStore } from './blobs.ts'
import { openDiskBlobs } from './disk.ts'

/** Opens the blob store that the options name. The caller closes it. Throws `unavailable` when it cannot be used. */
export async function openBlobs({ dataFolder }: Pick<CourierConfig, 'blobsUrl' | 'dataFolder'>): Promise<BlobStore> {
  return await openDiskBlobs(dataFolder)
}
