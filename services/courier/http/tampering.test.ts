import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { type Slot, startCourierHttp } from '../../../test/support/courier-http.ts'
import { openCourierStorage } from '../../../test/support/courier-storage.ts'
import type { Parcel } from '../parcels/parcel.ts'
import { linkOf } from './link.ts'
import { readSlot, type SlotGrant, signSlot } from './slot-token.ts'

const storage = await openCourierStorage()
after(() => storage[Symbol.asyncDispose]())

const size = 1_000
const content = randomBytes(size)
const publicUrl = 'https://files.example.com'

/** What must stand in every answer, so that nothing in it can run or be framed. */
function assertHarmless(headers: Readonly<Record<string, string>>): void {
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.match(headers['content-security-policy'] ?? '', /^default-src 'none'; .*frame-ancestors 'none'/)
  assert.doesNotMatch(headers['content-security-policy'] ?? '', /script-src|unsafe/)
  assert.equal(headers['referrer-policy'], 'no-referrer')
  assert.equal(headers['set-cookie'], undefined)
}

describe('An upload with something forged', () => {
  let courier: Awaited<ReturnType<typeof startCourierHttp>>
  before(async () => {
    courier = await startCourierHttp(storage)
  })
  after(async () => {
    assert.deepEqual(courier.faults, [])
    await courier[Symbol.asyncDispose]()
  })

  const freshSlot = () => courier.slot({ filename: 'a.png', size, 'content-type': 'image/png' })
  const grantOf = ({ authorization }: Slot): SlotGrant => {
    const grant = readSlot(authorization.replace('Bearer ', ''), courier.options)
    assert.ok(grant)
    return grant
  }
  const another = { uploadSecret: 'a secret that this deployment has never had' }
  const resign = (slot: Slot, changed: Partial<SlotGrant>, secret = another) =>
    `Bearer ${signSlot({ ...grantOf(slot), ...changed }, secret)}`
  /** The token with its written grant changed and its signature kept. */
  const rewrite = (slot: Slot, change: (grant: string) => string) => {
    const [key, grant = '', signature] = slot.authorization.split('.')
    const changed = change(Buffer.from(grant, 'base64url').toString())
    return `${key}.${Buffer.from(changed).toString('base64url')}.${signature}`
  }

  type Forged = { path?: string; authorization?: string; body?: Buffer; headers?: Record<string, string> }
  const forgeries: readonly (readonly [
    fact: string,
    status: number,
    forge: (slot: Slot) => Forged | Promise<Forged>,
  ])[] = [
    ['the slot of another', 403, async ({ authorization }) => ({ path: (await freshSlot()).path, authorization })],
    ['another key of a link', 403, ({ path }) => ({ path: path.replace(/^\/../, '/zz') })],
    [
      'a slot identity rewritten',
      403,
      (slot) => ({ authorization: rewrite(slot, (it) => it.replace(grantOf(slot).slot, 'A'.repeat(22))) }),
    ],
    [
      'the size rewritten',
      403,
      (slot) => ({ authorization: rewrite(slot, (it) => it.replace('1000', '9999')), body: randomBytes(9_999) }),
    ],
    [
      'the type rewritten',
      403,
      (slot) => ({
        authorization: rewrite(slot, (it) => it.replace('image/png', 'text/html')),
        headers: { 'content-type': 'text/html' },
      }),
    ],
    [
      'the expiry rewritten',
      403,
      (slot) => ({
        authorization: rewrite(slot, (it) => it.replace(String(grantOf(slot).expiresAtMs), '9999999999999')),
      }),
    ],
    ['a signature by another secret', 403, (slot) => ({ authorization: resign(slot, {}) })],
    ['no signature', 403, ({ authorization }) => ({ authorization: authorization.replace(/\.[^.]*$/, '.') })],
    ['a shorter signature', 403, ({ authorization }) => ({ authorization: authorization.slice(0, -1) })],
    [
      'a bit of the signature',
      403,
      ({ authorization }) => ({
        authorization: authorization.replace(/.{3}$/, (end) => (end === 'AAA' ? 'BBB' : 'AAA')),
      }),
    ],
    [
      'another id of the key',
      403,
      ({ authorization }) => ({ authorization: authorization.replace(/^Bearer ..../, 'Bearer AAAA') }),
    ],
    ['no token', 401, () => ({ authorization: '' })],
    [
      'the token as a password',
      401,
      ({ authorization }) => ({ authorization: authorization.replace('Bearer', 'Basic') }),
    ],
    ['another size', 413, () => ({ body: randomBytes(size + 1) })],
    ['another type', 415, () => ({ headers: { 'content-type': 'text/html' } })],
  ]
  for (const [fact, status, forge] of forgeries) {
    it(`is refused with ${status}: ${fact}`, async () => {
      const slot = await freshSlot()
      const { path, authorization, body, headers } = { ...slot, body: content, ...(await forge(slot)) }
      const answer = await courier.request('PUT', path, { body, headers: { authorization, ...headers } })
      assert.equal(answer.status, status, answer.body.toString())
      assertHarmless(answer.headers)
      assert.equal((await courier.request('GET', slot.path)).status, 404)
    })
  }

  it('is refused when its secret was taken away, and not while it is a second line', async () => {
    await using rotating = await startCourierHttp(storage, { uploadSecret: `${'n'.repeat(32)}\n${'o'.repeat(32)}` })
    const { path, authorization } = await rotating.slot({ filename: 'a', size })
    const grant = readSlot(authorization.replace('Bearer ', ''), rotating.options)
    assert.ok(grant)
    const put = (uploadSecret: string) =>
      rotating.request('PUT', path, {
        body: content,
        headers: { authorization: `Bearer ${signSlot(grant, { uploadSecret })}` },
      })
    assert.equal((await put('x'.repeat(32))).status, 403)
    assert.equal((await put('o'.repeat(32))).status, 201)
  })

  it('cannot be repeated: 409, and the first stays', async () => {
    const { path, authorization } = await freshSlot()
    const put = (body: Buffer) => courier.request('PUT', path, { body, headers: { authorization } })
    assert.equal((await put(content)).status, 201)
    for (const body of [content, randomBytes(size)]) assert.equal((await put(body)).status, 409)
    assert.ok((await courier.request('GET', path)).body.equals(content))
  })

  it('gives no right but to put: its token reads nothing', async () => {
    const { path, authorization } = await freshSlot()
    for (const method of ['GET', 'POST', 'DELETE', 'PATCH', 'COPY', 'MOVE', 'PROPFIND']) {
      const { status } = await courier.request(method, path, { headers: { authorization } })
      assert.equal(status, method === 'GET' ? 404 : 405, method)
    }
  })
})

describe('A link with something forged', () => {
  let courier: Awaited<ReturnType<typeof startCourierHttp>>
  let parcel: Parcel
  before(async () => {
    courier = await startCourierHttp(storage)
    parcel = await courier.store({ sender: 'alice@example.com', name: 'a.png', mediaType: 'image/png' }, content)
  })
  after(async () => {
    assert.deepEqual(courier.faults, [])
    await courier[Symbol.asyncDispose]()
  })

  /** Sends a request line as it is: clients in libraries would not. */
  async function askRaw(target: string): Promise<string> {
    const socket = connect({ port: courier.port, host: '127.0.0.1' }).on('error', () => {})
    socket.write(`GET ${target} HTTP/1.1\r\nHost: files.example.com\r\nConnection: close\r\n\r\n`)
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    await once(socket, 'close')
    return Buffer.concat(chunks).toString('latin1')
  }

  it('finds nothing by a key of which one character is another', async () => {
    const { linkKey } = parcel
    for (let at = 0; at < linkKey.length; at += 1) {
      const forged = linkKey.slice(0, at) + (linkKey[at] === 'A' ? 'B' : 'A') + linkKey.slice(at + 1)
      assert.equal((await courier.request('GET', `/${forged}/a.png`)).status, 404)
    }
    const other = linkKey === linkKey.toLowerCase() ? linkKey.toUpperCase() : linkKey.toLowerCase()
    assert.equal((await courier.request('GET', `/${other}/a.png`)).status, 404)
  })

  it('finds nothing by a key of chance', async () => {
    for (let round = 0; round < 500; round += 1) {
      const { status, headers } = await courier.request('GET', `/${randomBytes(24).toString('base64url')}/a.png`)
      assert.equal(status, 404)
      assertHarmless(headers)
    }
  })

  const key = () => parcel.linkKey
  for (const [fact, target] of [
    ['dots', () => `/${key()}/../../../../etc/passwd`],
    ['dots before the key', () => `/../${key()}/a.png`],
    ['escaped dots', () => `/${key()}/%2e%2e/%2e%2e/etc/passwd`],
    ['a key that is dots', () => '/................................/a.png'],
    ['a whole URL', () => `http://127.0.0.1/${key()}/a.png`],
    ['another authority', () => `//${key()}/a.png`],
    ['a backslash', () => `/${key()}\\a.png`],
    ['a key with a line break', () => `/${key().slice(0, 30)}%0d%0a/a.png`],
    ['a key that ends with NUL', () => `/${key()}%00/a.png`],
    ['half a key', () => `/${key().slice(0, 16)}/a.png`],
  ] as const) {
    it(`finds nothing by ${fact}`, async () => assert.match(await askRaw(target()), /^HTTP\/1\.1 40[04] /))
  }

  for (const [fact, name] of [
    ['escaped slashes', '..%2f..%2fetc%2fpasswd'],
    ['NUL', 'a%00.png'],
    ['a line break', 'a%0d%0aSet-Cookie:%20a=b'],
    ['what cannot be decoded', '%ff%'],
    ['4 KB', 'x'.repeat(4096)],
    ['a name of a device', 'CON'],
    ['nothing but a dot', '.'],
  ] as const) {
    it(`looks at no name: ${fact}`, async () => {
      const answer = await askRaw(`/${key()}/${name}`)
      assert.match(answer, /^HTTP\/1\.1 200 /)
      assert.match(answer, /content-disposition: attachment; filename="a\.png"; filename\*=UTF-8''a\.png\r\n/i)
      assert.doesNotMatch(answer, /set-cookie/i)
    })
  }

  it('answers a request with a NUL or too long a line without a file', async () => {
    for (const target of [`/${key()}/a\0.png`, `/${key()}/${'x'.repeat(40_000)}`]) {
      assert.match(await askRaw(target), /^(?:HTTP\/1\.1 4\d\d |$)/)
    }
  })
})

describe('A hostile name', () => {
  for (const [fact, name] of [
    ['a path', '../../../../etc/passwd'],
    ['a path of Windows', '..\\..\\boot.ini'],
    ['escaped dots', '%2e%2e%2fpasswd'],
    ['a control character', 'a\u0001.png'],
    ['a header', 'a.png"\r\nSet-Cookie: a=b\r\n\r\n<script>'],
    ['text that turns', '\u202Egpj.exe'],
    ['a name of a device', 'CON'],
    ['4 KB', `${'x'.repeat(4090)}.png`],
    ['an emoji', '😀.png'],
    ['markup', '<img src=x onerror=alert(1)>"\'&.png'],
    ['half a character', '\uD83D.png'],
  ] as const) {
    it(`harms neither header nor page: ${fact}`, async () => {
      await using courier = await startCourierHttp(storage)
      const parcel = await courier.store({ sender: 'alice@example.com', name, mediaType: 'image/png' }, content)
      const path = new URL(linkOf(parcel, publicUrl)).pathname
      assert.match(path, /^\/[\w-]{32}\/[\w.%-]+$/)
      const got = await courier.request('GET', path)
      assert.equal(got.status, 200)
      assertHarmless(got.headers)
      assert.match(
        got.headers['content-disposition'] ?? '',
        /^attachment; filename="[^"\\/]*"; filename\*=UTF-8''[^"/\\ ]+$/,
      )
      const page = await courier.request('GET', path, { headers: { accept: 'text/html' } })
      assertHarmless(page.headers)
      const html = page.body.toString()
      assert.doesNotMatch(html, /<script|<img src=x|\u202E/)
      assert.ok(!html.includes('\u0001'))
      assert.equal(html.match(/<img /g)?.length, 1)
    })
  }
})

describe('A hostile type', () => {
  const gif = Buffer.from('GIF89a/*<svg/onload=alert(1)>*/=1;')
  for (const [fact, mediaType, bytes, served] of [
    ['HTML', 'text/html', '<script>alert(1)</script>', 'application/octet-stream'],
    ['HTML that says it is a picture', 'image/png', '<script>alert(1)</script>', 'image/png'],
    ['a picture with scripts', 'image/svg+xml', '<svg onload="alert(1)"/>', 'application/octet-stream'],
    ['a picture that is a script too', 'image/gif', gif, 'image/gif'],
    ['XHTML', 'application/xhtml+xml', '<html/>', 'application/octet-stream'],
    ['PDF', 'application/pdf', '%PDF-1.7', 'application/octet-stream'],
    ['a script', 'text/javascript', 'alert(1)', 'application/octet-stream'],
    ['several parts', 'multipart/mixed; boundary=x', '--x', 'application/octet-stream'],
    ['a type with a header in it', 'image/png\r\nSet-Cookie: a=b', 'x', 'application/octet-stream'],
    ['a type in capitals with parameters', 'TEXT/HTML; charset=utf-7', '+ADw-script+AD4-', 'application/octet-stream'],
  ] as const) {
    it(`is an attachment that nothing runs: ${fact}`, async () => {
      await using courier = await startCourierHttp(storage)
      const body = Buffer.from(bytes)
      const parcel = await courier.store({ sender: 'alice@example.com', name: 'a', mediaType }, body)
      for (const query of ['', '?download', '?preview']) {
        const { headers, body: got } = await courier.request('GET', `/${parcel.linkKey}/a${query}`)
        assertHarmless(headers)
        assert.match(headers['content-security-policy'] ?? '', /; sandbox$/)
        assert.equal(headers['content-type'], served)
        const inline = query === '?preview' && served.startsWith('image/')
        assert.match(headers['content-disposition'] ?? '', inline ? /^inline;/ : /^attachment;/)
        assert.ok(got.equals(body))
      }
    })
  }
})
