/** What a request is for. */
export interface Target {
  /** As it was written: the one thing that opens a parcel. Absent where the path is none of a link. */
  readonly linkKey?: string
  /** The page asks for the bytes, to save or to show them. */
  readonly asks?: 'download' | 'preview'
}

/**
 * Reads a request target of the form `LINKKEY/NAME` below the path of the public URL, which a proxy before us may have
 * taken away. The key is all that counts: a name, whatever it is, is looked at by nobody.
 */
export function readTarget(url: string, publicUrl: string): Target {
  const [path = '', query = ''] = url.split('?', 2)
  const base = new URL(publicUrl).pathname.replace(/\/+$/, '')
  const below = base !== '' && path.startsWith(`${base}/`) ? path.slice(base.length) : path
  const linkKey = /^\/([\w-]{32})\/[^/]+$/.exec(below)?.[1]
  const asks = query === 'download' || query === 'preview' ? query : undefined
  return { ...(linkKey && { linkKey }), ...(asks && { asks }) }
}
