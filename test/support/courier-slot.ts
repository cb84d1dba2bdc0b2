import { attribute, xml } from '../../services/shared/xmpp/xml.ts'
import { type Answer, type Asked, ask } from './courier-http.ts'
import { type Requester, verdict } from './requester.ts'

export const uploadNamespace = 'urn:xmpp:http:upload:0'

/** A slot of a courier that runs (XEP-0363): one URL to put to and to get from. */
export interface CourierSlot {
  readonly url: URL
  put(body: Buffer, headers?: Asked['headers']): Promise<Answer>
  /** Puts a body without a length, as it comes. */
  putChunks(chunks: Asked['chunks']): Promise<Answer>
  get(headers?: Asked['headers']): Promise<Answer>
  /** How many bytes of it are there; undefined when the courier does not say. */
  offset(): Promise<number | undefined>
}

/** Asks a courier for a slot. Throws, with the verdict, when it has none to give. */
export async function takeSlot(
  sender: Requester,
  { courier, size, filename = 'holiday.png' }: { courier: string; size: number; filename?: string },
): Promise<CourierSlot> {
  const answer = await sender.ask('get', slotRequest(filename, size), courier)
  const put = answer.getChild('slot', uploadNamespace)?.getChild('put')
  const address = put && attribute(put, 'url')
  if (!put || !address) throw new Error(`Cannot take a slot: ${verdict(answer)}`)
  const url = new URL(address)
  const authorization = put.getChild('header')?.text() ?? ''
  const request = (method: string, how: Partial<Asked>) => ask(Number(url.port), method, url.pathname, how)
  return {
    url,
    put: (body, headers) => request('PUT', { body, headers: { authorization, ...headers } }),
    putChunks: (chunks) => request('PUT', { chunks, headers: { authorization } }),
    get: (headers = {}) => request('GET', { headers }),
    async offset() {
      const { status, headers } = await request('HEAD', { headers: { authorization } })
      return status === 204 ? Number(headers['upload-offset']) : undefined
    },
  }
}

export function slotRequest(filename: string, size: number) {
  return xml('request', { xmlns: uploadNamespace, filename, size })
}
