import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { startCourierHttp } from '../../../test/support/courier-http.ts'
import { openCourierStorage } from '../../../test/support/courier-storage.ts'
import { until } from '../../../test/support/until.ts'
import type { Parcel } from '../parcels/parcel.ts'
import { linkOf } from './link.ts'

const storage = await openCourierStorage()
after(() => storage[Symbol.asyncDispose]())

type Courier = Awaited<ReturnType<typeof startCourierHttp>>

const content = randomBytes(3_000_000)
const etag = `"${createHash('sha256').update(content).digest('hex')}"`
const sender = 'alice@example.com'

const pathOf = (parcel: Parcel) => new URL(linkOf(parcel, 'https://files.example.com')).pathname
const store = (courier: Courier, bytes = content, mediaType = 'image/png') =>
  courier.store({ sender, name: 'très cool.png', mediaType }, bytes)
const find = (courier: Courier, parcel: Parcel) => courier.find(pathOf(parcel))

/** What has ended of a parcel's downloads: a moment after its reader has all. */
const endedOf = (courier: Courier, { id }: Parcel) => courier.downloads.filter(({ parcel }) => parcel.id === id)

/** Reads the beginning of a parcel, and is gone. */
async function readSome(courier: Courier, parcel: Parcel): Promise<void> {
  const already = endedOf(courier, parcel).length
  const socket = connect({ port: courier.port, host: '127.0.0.1' }).on('error', () => {})
  socket.write(`GET ${pathOf(parcel)} HTTP/1.1\r\nHost: files.example.com\r\n\r\n`)
  await once(socket, 'data')
  socket.destroy()
  await until('the download has ended', () => endedOf(courier, parcel).length > already)
}

describe('GET of a link', () => {
  let courier: Courier
  let parcel: Parcel
  let path: string
  before(async () => {
    courier = await startCourierHttp(storage)
    parcel = await store(courier)
    path = pathOf(parcel)
  })
  after(async () => {
    assert.deepEqual(courier.faults, [])
    await courier[Symbol.asyncDispose]()
  })
  const get = (headers: Record<string, string> = {}, query = '') => courier.request('GET', path + query, { headers })

  it('gives the bytes as an attachment that nothing runs', async () => {
    const { status, headers, body } = await get()
    assert.equal(status, 200)
    assert.ok(body.equals(content))
    for (const [name, value] of Object.entries({
      'content-type': 'image/png',
      'content-length': '3000000',
      'content-disposition': `attachment; filename="tr_s cool.png"; filename*=UTF-8''tr%C3%A8s%20cool.png`,
      'accept-ranges': 'bytes',
      etag,
      'last-modified': parcel.storedAt?.toUTCString(),
      'cache-control': 'private, no-cache',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'referrer-policy': 'no-referrer',
      'x-robots-tag': 'noindex, nofollow',
      'access-control-allow-origin': '*',
      vary: 'Accept',
    })) {
      assert.equal(headers[name], value, name)
    }
  })

  it('looks at the key alone, not at the name', async () => {
    assert.equal((await courier.request('GET', `/${parcel.linkKey}/another.html`)).status, 200)
  })

  it('says the same to HEAD, without the bytes and without counting', async () => {
    const other = await store(courier)
    const { headers, body } = await courier.request('HEAD', pathOf(other), { headers: { range: 'bytes=0-1' } })
    assert.deepEqual([headers['content-length'], headers.etag, body.length], ['3000000', etag, 0])
    assert.deepEqual([(await find(courier, other))?.downloads, endedOf(courier, other)], [0, []])
  })

  it('gives any one range exactly', async () => {
    const bound = fc.option(fc.nat(content.length + 10), { nil: '' as const })
    await fc.assert(
      fc.asyncProperty(bound, bound, async (first, last) => {
        fc.pre(first !== '' || last !== '')
        const { status, headers, body } = await get({ range: `bytes=${first}-${last}` })
        const backwards = first !== '' && last !== '' && last < first
        const start = first === '' ? Math.max(0, content.length - Number(last)) : first
        const end = first === '' || last === '' ? content.length : Math.min(last + 1, content.length)
        if (backwards) return assert.equal(status, 200)
        if (start >= content.length || end === 0 || (first === '' && last === 0)) {
          return assert.deepEqual([status, headers['content-range']], [416, `bytes */${content.length}`])
        }
        assert.deepEqual([status, headers['content-range']], [206, `bytes ${start}-${end - 1}/${content.length}`])
        assert.ok(body.equals(content.subarray(start, end)))
      }),
      { numRuns: 40 },
    )
  })

  it('gives the whole where several ranges are asked for', async () => {
    const { status, body } = await get({ range: 'bytes=0-0,5-6' })
    assert.deepEqual([status, body.length], [200, content.length])
  })

  it('gives a range only of what If-Range names', async () => {
    const range = 'bytes=0-9'
    assert.equal((await get({ range, 'if-range': etag })).status, 206)
    assert.equal((await get({ range, 'if-range': parcel.storedAt?.toUTCString() ?? '' })).status, 206)
    assert.equal((await get({ range, 'if-range': '"another"' })).status, 200)
  })

  it('says 304 to who has it, and 412 to who wants another', async () => {
    const { status, headers, body } = await get({ 'if-none-match': etag })
    assert.deepEqual([status, headers.etag, body.length], [304, etag, 0])
    assert.equal((await get({ 'if-modified-since': new Date().toUTCString() })).status, 304)
    assert.equal((await get({ 'if-match': '"another"' })).status, 412)
  })

  it('gives the page to navigations alone', async () => {
    for (const [accept, type] of [
      ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html; charset=utf-8'],
      ['text/html', 'text/html; charset=utf-8'],
      ['*/*', 'image/png'],
      ['image/avif,image/webp,*/*;q=0.8', 'image/png'],
      ['text/html;q=0, */*', 'image/png'],
      ['', 'image/png'],
    ] as const) {
      const { headers } = await courier.request('HEAD', path, { headers: { accept } })
      assert.equal(headers['content-type'], type, accept)
    }
    const { headers } = await courier.request('HEAD', `${path}?download`, { headers: { accept: 'text/html' } })
    assert.equal(headers['content-type'], 'image/png')
  })

  it('counts what was read in pieces, and no preview', async () => {
    const other = await store(courier)
    const downloads = async () => (await find(courier, other))?.downloads
    await courier.request('GET', `${pathOf(other)}?preview`)
    assert.equal(await downloads(), 0)
    for (const [range, counted] of [
      ['bytes=1000-2999999', 0],
      ['bytes=-1', 0],
      ['bytes=0-999', 1],
      ['bytes=0-999', 1],
    ] as const) {
      await courier.request('GET', pathOf(other), { headers: { range } })
      await until(`${counted} are counted after ${range}`, async () => (await downloads()) === counted)
    }
  })

  it('counts no download that broke', async () => {
    const other = await store(courier, Buffer.alloc(30_000_000))
    await readSome(courier, other)
    assert.equal(endedOf(courier, other)[0]?.outcome, 'broken')
    assert.equal((await find(courier, other))?.downloads, 0)
  })

  it('shows pictures inline to the page, and nothing else', async () => {
    const disposition = async (mediaType: string) => {
      const other = await store(courier, Buffer.from('<svg onload="alert(1)"/>'), mediaType)
      const { headers } = await courier.request('GET', `${pathOf(other)}?preview`)
      return [headers['content-disposition']?.split(';')[0], headers['content-type']]
    }
    assert.deepEqual(await disposition('image/png'), ['inline', 'image/png'])
    assert.deepEqual(await disposition('image/svg+xml'), ['attachment', 'application/octet-stream'])
    assert.deepEqual(await disposition('text/html'), ['attachment', 'application/octet-stream'])
    assert.deepEqual(await disposition('text/plain'), ['attachment', 'text/plain'])
  })

  it('gives an empty file', async () => {
    const empty = await store(courier, Buffer.alloc(0))
    const { status, body } = await courier.request('GET', pathOf(empty))
    assert.deepEqual([status, body.length], [200, 0])
    assert.equal((await courier.request('GET', pathOf(empty), { headers: { range: 'bytes=0-' } })).status, 416)
  })

  it('is over with its time: 410', async () => {
    const other = await courier.store(
      { sender, name: 'a', mediaType: 'text/plain', expiresAt: new Date(Date.now() + 60_000) },
      Buffer.alloc(1),
    )
    assert.equal((await courier.request('GET', pathOf(other))).status, 200)
    courier.advance(60_001)
    for (const method of ['GET', 'HEAD']) assert.equal((await courier.request(method, pathOf(other))).status, 410)
    courier.advance(-60_001)
  })

  it('answers preflights, and no other method', async () => {
    const { status, headers } = await courier.request('OPTIONS', path)
    assert.deepEqual(
      [
        status,
        headers['access-control-allow-origin'],
        headers['access-control-allow-methods'],
        headers['access-control-allow-credentials'],
      ],
      [204, '*', 'GET, HEAD, PUT, OPTIONS', undefined],
    )
    for (const name of ['Authorization', 'Content-Type']) {
      assert.match(headers['access-control-allow-headers'] ?? '', new RegExp(`\\b${name}\\b`))
    }
    for (const method of ['POST', 'DELETE', 'PATCH', 'TRACE']) {
      assert.equal((await courier.request(method, path)).status, 405, method)
    }
  })

  it('does not wait for a body that a GET announced', async () => {
    const socket = connect({ port: courier.port, host: '127.0.0.1' }).resume()
    socket.write(`GET ${path} HTTP/1.1\r\nHost: files.example.com\r\nContent-Length: 5\r\n\r\nx`)
    await once(socket, 'close')
  })

  it('bounds the downloads of one client', async () => {
    await using small = await startCourierHttp(storage, { httpTransfersPerAddress: 1 })
    const large = pathOf(await store(small, Buffer.alloc(30_000_000)))
    const socket = connect({ port: small.port, host: '127.0.0.1' }).on('error', () => {})
    socket.write(`GET ${large} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n`)
    await once(socket, 'data')
    socket.pause()
    const from = (address: string) =>
      small.request('GET', `${large}?download`, { headers: { 'x-forwarded-for': address } })
    assert.equal((await from('192.0.2.1')).status, 429)
    assert.equal((await from('192.0.2.2')).status, 200)
    socket.destroy()
    await until('there is room again', async () => (await from('192.0.2.1')).status === 200)
  })

  it('cuts off who does not read', async () => {
    await using slow = await startCourierHttp(storage, { httpStallMs: 200 })
    const large = pathOf(await store(slow, Buffer.alloc(30_000_000)))
    const socket = connect({ port: slow.port, host: '127.0.0.1' }).on('error', () => {})
    socket.write(`GET ${large} HTTP/1.1\r\nHost: x\r\n\r\n`)
    await once(socket, 'data')
    socket.pause()
    await until('it is cut off', () => slow.downloads.length > 0)
    assert.deepEqual([slow.downloads[0]?.outcome, slow.downloads[0]?.reason], ['broken', 'The reader was too slow'])
    await until('its request has ended', () => slow.server.running === 0)
    socket.destroy()
  })

  it('lets downloads end when it drains', async () => {
    await using other = await startCourierHttp(storage)
    const large = pathOf(await store(other, Buffer.alloc(30_000_000, 7)))
    const socket = connect({ port: other.port, host: '127.0.0.1' })
    socket.write(`GET ${large} HTTP/1.1\r\nHost: x\r\n\r\n`)
    let received = (await once(socket, 'data'))[0].length
    const drained = other.server.drain(AbortSignal.timeout(10_000))
    socket.on('data', (chunk) => {
      received += chunk.length
    })
    await drained
    assert.equal(other.downloads[0]?.outcome, 'complete')
    await until('all has come', () => received > 30_000_000)
    socket.destroy()
  })
})

describe('GET of a link that works once', () => {
  it('ends with the first complete download: 410', async () => {
    await using courier = await startCourierHttp(storage, { linkDownloads: 1 })
    const path = pathOf(await store(courier))
    await readSome(courier, await store(courier, Buffer.alloc(30_000_000)))
    assert.ok((await courier.request('GET', path)).body.equals(content))
    assert.equal((await courier.request('GET', path)).status, 410)
  })

  it('is not used up by who breaks off, nor by the page', async () => {
    await using courier = await startCourierHttp(storage, { linkDownloads: 1 })
    const large = Buffer.alloc(30_000_000, 5)
    const parcel = await store(courier, large)
    const path = pathOf(parcel)
    await readSome(courier, parcel)
    await courier.request('GET', path, { headers: { accept: 'text/html' } })
    await courier.request('GET', path, { headers: { range: 'bytes=0-999999' } })
    assert.ok((await courier.request('GET', path)).body.equals(large))
  })

  it('ends whole for one of two that read at once', async () => {
    await using courier = await startCourierHttp(storage, { linkDownloads: 1 })
    const path = pathOf(await store(courier, Buffer.alloc(10_000_000, 5)))
    const answers = await Promise.all([courier.request('GET', path), courier.request('GET', path)])
    assert.deepEqual(answers.map(({ complete }) => complete).sort(), [false, true])
    const [lost] = answers.filter(({ complete }) => !complete)
    assert.ok((lost?.body.length ?? 0) < 10_000_000)
  })

  it('has no preview', async () => {
    await using courier = await startCourierHttp(storage, { linkDownloads: 1 })
    const path = pathOf(await store(courier))
    const { headers } = await courier.request('GET', `${path}?preview`)
    assert.match(headers['content-disposition'] ?? '', /^attachment/)
    assert.equal((await courier.request('GET', path)).status, 410)
  })
})
