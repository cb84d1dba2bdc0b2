import assert from 'node:assert/strict'
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { ask, type Slot, startCourierHttp } from '../../../test/support/courier-http.ts'
import { openCourierStorage } from '../../../test/support/courier-storage.ts'
import { until } from '../../../test/support/until.ts'

const storage = await openCourierStorage()
after(() => storage[Symbol.asyncDispose]())

const size = 300_000
const content = randomBytes(size)
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

describe('PUT into a slot', () => {
  let courier: Awaited<ReturnType<typeof startCourierHttp>>
  before(async () => {
    courier = await startCourierHttp(storage)
  })
  after(async () => {
    assert.deepEqual(courier.faults, [])
    await courier[Symbol.asyncDispose]()
  })

  const freshSlot = (type?: string) => courier.slot({ filename: 'a.bin', size, ...(type && { 'content-type': type }) })
  const put = ({ path, authorization }: Slot, body: Buffer, headers: Record<string, string | number> = {}) =>
    courier.request('PUT', path, { body, headers: { authorization, ...headers } })
  const parcelOf = ({ path }: Slot) => courier.find(path)
  const offsetOf = async ({ path, authorization }: Slot) => {
    const { status, headers } = await courier.request('HEAD', path, { headers: { authorization } })
    assert.equal(status, 204)
    return Number(headers['upload-offset'])
  }
  /** Sends the beginning of what it announces, and is gone. */
  async function breakOff({ path, authorization }: Slot, from: number, upTo: number): Promise<void> {
    const already = courier.uploads.length
    const socket = connect({ port: courier.port, host: '127.0.0.1' }).on('error', () => {})
    const head = [
      `PUT ${path} HTTP/1.1`,
      'Host: files.example.com',
      `Authorization: ${authorization}`,
      `Content-Length: ${size - from}`,
      `Content-Range: bytes ${from}-${size - 1}/${size}`,
    ]
    socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), content.subarray(from, upTo)]), () =>
      socket.end(),
    )
    await until('the upload has ended', () => courier.uploads.length > already, { everyMs: 2 })
    socket.destroy()
    assert.equal(courier.uploads.at(-1)?.outcome, 'broken')
  }

  it('stores the bytes: 201, and the file is there', async () => {
    const slot = await freshSlot('application/octet-stream')
    assert.equal((await courier.request('GET', slot.path)).status, 404)
    const { status, headers } = await put(slot, content, { 'content-type': 'application/octet-stream' })
    assert.deepEqual([status, headers.location], [201, `https://files.example.com${slot.path}`])
    const got = await courier.request('GET', slot.path)
    assert.equal(got.status, 200)
    assert.ok(got.body.equals(content))
    assert.equal((await parcelOf(slot))?.sha256, sha256(content))
    assert.equal(courier.uploads.at(-1)?.outcome, 'stored')
  })

  it('takes a body in chunks', async () => {
    const slot = await freshSlot()
    const chunks = [content.subarray(0, 1), content.subarray(1, 200_000), content.subarray(200_000)]
    const { authorization } = slot
    assert.equal((await courier.request('PUT', slot.path, { chunks, headers: { authorization } })).status, 201)
    assert.equal((await parcelOf(slot))?.sha256, sha256(content))
  })

  it('is answered before the body where a client asks (100-continue)', async () => {
    const slot = await freshSlot()
    assert.equal((await put(slot, content, { expect: '100-continue' })).status, 201)
    assert.equal((await put(slot, content, { expect: '100-continue' })).status, 409)
  })

  it('is for one file, once: 409, and the first stays', async () => {
    const slot = await freshSlot()
    assert.equal((await put(slot, content)).status, 201)
    assert.equal((await put(slot, randomBytes(size))).status, 409)
    assert.ok((await courier.request('GET', slot.path)).body.equals(content))
  })

  for (const [fact, status, body, headers] of [
    ['a shorter body', 400, content.subarray(1), {}],
    ['a longer body', 413, Buffer.concat([content, Buffer.alloc(1)]), {}],
    ['a length beyond what is exact', 413, Buffer.alloc(0), { 'content-length': '9007199254740993' }],
    ['an encoding', 415, content, { 'content-encoding': 'gzip' }],
    ['another type', 415, content, { 'content-type': 'text/html' }],
    ['a range of another size', 416, content, { 'content-range': `bytes 0-${size - 1}/${size + 1}` }],
    ['a range beyond the end', 416, content, { 'content-range': `bytes 1-${size}/${size}` }],
    ['a range that cannot be read', 416, content, { 'content-range': 'bytes */5' }],
    [
      'a range that does not begin where the bytes end',
      409,
      content.subarray(5),
      { 'content-range': `bytes 5-/${size}` },
    ],
    ['a range that is not as long as its body', 400, content.subarray(5), { 'content-range': `bytes 0-/${size}` }],
    ['no token', 401, content, { authorization: '' }],
    ['a token of another scheme', 401, content, { authorization: 'Basic YTpi' }],
    ['a token that is none', 403, content, { authorization: 'Bearer a.b.c' }],
  ] as const) {
    it(`answers ${status} to ${fact}, and the slot can still be used`, async () => {
      const slot = await freshSlot('image/png')
      const answer = await put(slot, body, headers)
      assert.equal(answer.status, status, answer.body.toString())
      assert.equal((await courier.request('GET', slot.path)).status, 404)
      assert.equal((await put(slot, content, { 'content-type': 'image/png' })).status, 201)
    })
  }

  it('answers 411 to no length at all', async () => {
    const { path, authorization } = await freshSlot()
    const socket = connect({ port: courier.port, host: '127.0.0.1' })
    socket.write(`PUT ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n\r\n`)
    const [data] = await once(socket, 'data')
    assert.match(String(data), /^HTTP\/1\.1 411 /)
    socket.destroy()
  })

  for (const [fact, length, status] of [
    ['more than the slot is for', size + 1, 413],
    ['far more', 20 * size, 413],
    ['less', size - 1, 400],
  ] as const) {
    it(`stores nothing of a chunked body that has ${fact}: ${status}`, async () => {
      const slot = await freshSlot()
      const chunks = Array.from({ length: Math.ceil(length / 50_000) }, (_, at) =>
        Buffer.alloc(Math.min(50_000, length - at * 50_000), 1),
      )
      const { authorization } = slot
      const answer = await courier.request('PUT', slot.path, { chunks, headers: { authorization } })
      assert.equal(answer.status, status)
      assert.equal((await courier.request('GET', slot.path)).status, 410)
      assert.equal((await put(slot, content)).status, 410)
    })
  }

  it('has to begin within the time of the slot', async () => {
    const [late, broken] = [await freshSlot(), await freshSlot()]
    await breakOff(broken, 0, 100_000)
    courier.advance(300_001)
    assert.equal((await put(late, content)).status, 403)
    // What began in time may go on.
    const rest = { 'content-range': `bytes 100000-${size - 1}/${size}` }
    assert.equal((await put(broken, content.subarray(100_000), rest)).status, 201)
    courier.advance(-300_001)
  })

  it('begins anew without a range, whatever came before', async () => {
    const slot = await freshSlot()
    await breakOff(slot, 0, 100_000)
    const other = randomBytes(size)
    assert.equal((await put(slot, other)).status, 201)
    assert.equal((await parcelOf(slot))?.sha256, sha256(other))
  })

  it('can come in parts: 204 says how far it is', async () => {
    const slot = await freshSlot()
    for (const from of [0, 100_000, 200_000]) {
      const range = { 'content-range': `bytes ${from}-${from + 99_999}/${size}` }
      const answer = await put(slot, content.subarray(from, from + 100_000), range)
      const last = from === 200_000
      assert.deepEqual(
        [answer.status, answer.headers['upload-offset']],
        last ? [201, undefined] : [204, `${from + 100_000}`],
      )
    }
    assert.equal((await parcelOf(slot))?.sha256, sha256(content))
  })

  it('goes on exactly where it broke, however often', async () => {
    const mostCuts = 250
    let cuts = 0
    while (cuts < mostCuts) {
      const slot = await freshSlot()
      let offset = 0
      while (cuts < mostCuts && offset < size - 1) {
        cuts += 1
        const upTo = randomInt(offset, Math.min(size, offset + 60_000))
        await breakOff(slot, offset, upTo)
        const reached = await offsetOf(slot)
        assert.ok(reached >= offset && reached <= upTo, `${reached} of ${offset} to ${upTo}`)
        // Not before and not behind it.
        for (const wrong of cuts % 10 === 0 ? [reached - 1, reached + 1] : []) {
          if (wrong < 0 || wrong >= size) continue
          const answer = await put(slot, content.subarray(wrong), { 'content-range': `bytes ${wrong}-/${size}` })
          assert.deepEqual([answer.status, answer.headers['upload-offset']], [409, String(reached)])
        }
        offset = reached
      }
      const answer = await put(slot, content.subarray(offset), { 'content-range': `bytes ${offset}-/${size}` })
      assert.equal(answer.status, 201)
      assert.equal((await parcelOf(slot))?.sha256, sha256(content))
    }
  })

  it('takes one of two writers, and the content is his', async () => {
    for (let round = 0; round < 20; round += 1) {
      const slot = await freshSlot()
      const bodies = [randomBytes(size), randomBytes(size)]
      const answers = await Promise.all(bodies.map((body) => put(slot, body)))
      const won = answers.findIndex(({ status }) => status === 201)
      assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409])
      assert.equal((await parcelOf(slot))?.sha256, sha256(bodies[won] ?? Buffer.alloc(0)))
    }
  })

  it('says to the holder of the token alone how far it is', async () => {
    const slot = await freshSlot()
    await breakOff(slot, 0, 12_345)
    assert.equal((await courier.request('HEAD', slot.path)).status, 404)
    assert.equal((await courier.request('HEAD', slot.path, { headers: { authorization: 'Bearer a.b.c' } })).status, 403)
    assert.ok((await offsetOf(slot)) <= 12_345)
    await put(slot, content)
    assert.equal(await offsetOf(slot), size)
  })

  it('cuts off who sends too slowly, and keeps what came', async () => {
    await using slow = await startCourierHttp(storage, { httpStallMs: 300 })
    const slot = await slow.slot({ filename: 'a', size })
    async function* drip() {
      yield content.subarray(0, 50_000)
      for (let at = 50_000; slow.uploads.length === 0; at += 1) {
        yield content.subarray(at, at + 1)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
    const headers = { authorization: slot.authorization }
    await assert.rejects(ask(slow.port, 'PUT', slot.path, { headers, chunks: drip() }))
    await until('it is told', () => slow.uploads.length > 0)
    assert.deepEqual([slow.uploads[0]?.outcome, slow.uploads[0]?.reason?.includes('too slowly')], ['broken', true])
    const { headers: told } = await slow.request('HEAD', slot.path, { headers })
    assert.ok(Number(told['upload-offset']) >= 50_000)
  })

  it('refuses more uploads than there are places for', async () => {
    await using small = await startCourierHttp(storage, { httpUploads: 1 })
    const [one, two] = [await small.slot({ filename: 'a', size }), await small.slot({ filename: 'b', size })]
    const { promise, resolve } = Promise.withResolvers<void>()
    async function* hesitant() {
      yield content.subarray(0, 1)
      await promise
      yield content.subarray(1)
    }
    const first = small.request('PUT', one.path, { headers: { authorization: one.authorization }, chunks: hesitant() })
    await until('the first runs', () => small.server.running === 1)
    const refused = await small.request('PUT', two.path, {
      headers: { authorization: two.authorization },
      body: content,
    })
    assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '10'])
    resolve()
    assert.equal((await first).status, 201)
  })
})
