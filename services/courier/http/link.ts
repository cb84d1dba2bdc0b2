import { safeFileName } from '../../shared/transfer/file-name.ts'
import type { Parcel } from '../parcels/parcel.ts'

/**
 * The URL of a parcel: `PUBLIC_URL/LINKKEY/NAME`. The key alone opens it; the name is there so that people and programs
 * see what it is, and is a safe one, in RFC 3986 form.
 */
export function linkOf({ linkKey, name }: Pick<Parcel, 'linkKey' | 'name'>, publicUrl: string): string {
  // What encodeURIComponent leaves alone and chat programs take for the end of an address.
  const encoded = encodeURIComponent(safeFileName(name)).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${publicUrl.replace(/\/+$/, '')}/${linkKey}/${encoded}`
}
