import { safeFileName } from '../../shared/transfer/file-name.ts'

/**
 * The Content-Disposition for a name that a stranger wrote (RFC 6266): its exact form as RFC 8187 has it, and for old
 * programs one in ASCII.
 */
export function contentDisposition(kind: 'attachment' | 'inline', name: string): string {
  const safe = safeFileName(name)
  const plain = safe.replace(/[^ -~]|["\\%]/g, '_')
  const encoded = encodeURIComponent(safe).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${kind}; filename="${plain}"; filename*=UTF-8''${encoded}`
}
