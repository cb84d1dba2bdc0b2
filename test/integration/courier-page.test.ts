import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { linkOf } from '../../services/courier/http/link.ts'
import type { Parcel } from '../../services/courier/parcels/parcel.ts'
import { startBrowser } from '../support/browser.ts'
import { startCourierHttp } from '../support/courier-http.ts'
import { openCourierStorage } from '../support/courier-storage.ts'

const sender = 'alice@example.com'
const name = 'Sonnenuntergang über dem Bodensee.png'

/** What is wrong with a page by what it did: anything it fetched elsewhere, was forbidden or failed to do. */
interface Opened extends AsyncDisposable {
  readonly page: Page
  readonly complaints: readonly string[]
}

describe('The page of a link in a browser', () => {
  let storage: Awaited<ReturnType<typeof openCourierStorage>>
  let courier: Awaited<ReturnType<typeof startCourierHttp>>
  let browser: Browser
  let picture: Buffer
  let parcel: Parcel
  before(async () => {
    storage = await openCourierStorage()
    courier = await startCourierHttp(storage)
    browser = await startBrowser()
    const drawing = await browser.newPage({ viewport: { width: 900, height: 600 } })
    await drawing.setContent('<body style="background: linear-gradient(135deg, #ffb347, #3a7bd5); height: 100vh">')
    picture = await drawing.screenshot({ type: 'png' })
    await drawing.close()
    parcel = await courier.store({ sender, name, mediaType: 'image/png' }, picture)
  })
  after(async () => {
    await browser.close()
    await courier[Symbol.asyncDispose]()
    await storage[Symbol.asyncDispose]()
  })

  const urlOf = (of: Parcel) => linkOf(of, `http://127.0.0.1:${courier.port}`)

  async function open(url: string, options: BrowserContextOptions = {}): Promise<Opened> {
    const page = await browser.newPage({ locale: 'en-US', ...options })
    const complaints: string[] = []
    page.on('console', (message) => void complaints.push(message.text()))
    page.on('pageerror', (error) => void complaints.push(error.message))
    page.on('dialog', (dialog) => void complaints.push(`a dialog: ${dialog.message()}`))
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url())
      if (protocol !== 'data:' && origin !== `http://127.0.0.1:${courier.port}`)
        complaints.push(`fetched ${request.url()}`)
    })
    await page.goto(url)
    return { page, complaints, [Symbol.asyncDispose]: () => page.close() }
  }

  for (const width of [390, 1280]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`can be read and used ${width} pixels wide, ${colorScheme}`, async () => {
        await using opened = await open(urlOf(parcel), { viewport: { width, height: 844 }, colorScheme })
        const { page, complaints } = opened
        assert.equal(await page.title(), name)
        const text = String(await page.locator('main').textContent())
        for (const told of [
          name,
          sender,
          parcel.sha256 ?? '',
          'Available until',
          String(parcel.expiresAt.getUTCFullYear()),
        ]) {
          assert.ok(text.includes(told), `${told} in ${text}`)
        }
        assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width)
        const button = await page.getByRole('link', { name: 'Download' }).boundingBox()
        assert.ok(button && button.height >= 44 && button.y + button.height <= 844, JSON.stringify(button))
        assert.deepEqual(
          await page.locator('img').evaluate((image) => [image.naturalWidth, image.naturalHeight]),
          [900, 600],
        )
        for (const [what, ratio] of await contrasts(page)) assert.ok(ratio >= 4.5, `${what} has a contrast of ${ratio}`)
        assert.deepEqual(complaints, [])
      })
    }

    it(`gives the exact bytes ${width} pixels wide`, async () => {
      await using opened = await open(urlOf(parcel), { viewport: { width, height: 844 } })
      const coming = opened.page.waitForEvent('download')
      await opened.page.getByRole('link', { name: 'Download' }).click()
      const download = await coming
      assert.equal(download.suggestedFilename(), name)
      assert.ok((await readFile(await download.path())).equals(picture))
    })

    it(`shows long names ${width} pixels wide`, async () => {
      const long = await courier.store(
        {
          sender: `${'a_very_long_name'.repeat(8)}@conference.department.example.com`,
          name: `${'unbroken'.repeat(24)}.tar.gz`,
          mediaType: 'application/gzip',
        },
        Buffer.alloc(1_234_567),
      )
      await using opened = await open(urlOf(long), { viewport: { width, height: 844 }, locale: 'de-DE' })
      const { page, complaints } = opened
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width)
      assert.match(String(await page.locator('main').textContent()), /1,2\sMB/)
      assert.ok(await page.getByRole('link', { name: 'Herunterladen' }).isVisible())
      assert.equal(await page.locator('img').count(), 0)
      assert.deepEqual(complaints, [])
    })
  }

  it('selects the whole digest at a click', async () => {
    await using opened = await open(urlOf(parcel))
    await opened.page.locator('code').click()
    assert.equal(await opened.page.evaluate('getSelection().toString().trim()'), parcel.sha256)
  })

  it('shows names as they are written and runs nothing of them', async () => {
    const hostile = '<img src=x onerror=alert(1)>&quot;"\'.png'
    const other = await courier.store(
      { sender, name: hostile, mediaType: 'text/html' },
      Buffer.from('<script>alert(2)</script>'),
    )
    await using opened = await open(urlOf(other))
    // What no file can be called is `_`.
    assert.equal(await opened.page.locator('h1').textContent(), `_img src=x onerror=alert(1)_&quot;_'.png`)
    assert.equal(await opened.page.locator('img').count(), 0)
    assert.deepEqual(opened.complaints, [])
  })

  it('runs nothing of a page that says it is a picture', async () => {
    const script = Buffer.from('<!doctype html><title>mine</title><script>alert(document.title = "run")</script>')
    const other = await courier.store({ sender, name: 'a.png', mediaType: 'image/png' }, script)
    for (const url of [urlOf(other), `${urlOf(other)}?preview`]) {
      await using opened = await open(url)
      assert.ok(!['mine', 'run'].includes(await opened.page.title()))
      assert.deepEqual(
        opened.complaints.filter((complaint) => complaint.includes('dialog')),
        [],
      )
    }
  })

  it('says in the reader’s language that there is no such file, and that one is gone', async () => {
    const url = `http://127.0.0.1:${courier.port}/${'A'.repeat(32)}/a.png`
    await using unknown = await open(url, { locale: 'de-AT', viewport: { width: 390, height: 844 } })
    assert.equal(await unknown.page.locator('h1').textContent(), 'Diese Datei gibt es nicht')
    const other = await courier.store({ sender, name: 'a.png', mediaType: 'image/png' }, picture)
    await storage.records.end(other.id, 'deleted')
    await using gone = await open(urlOf(other), { viewport: { width: 390, height: 844 } })
    assert.equal(await gone.page.locator('h1').textContent(), 'This file is no longer here')
    assert.match(String(await gone.page.locator('main').textContent()), /It was deleted\./)
    for (const { page } of [unknown, gone]) {
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)
    }
  })

  it('says that a link works once, shows no preview of it, and leaves it to be used', async () => {
    await using once = await startCourierHttp(storage, { linkDownloads: 1 })
    const other = await once.store({ sender, name: 'a.png', mediaType: 'image/png' }, picture)
    const page = await browser.newPage({ locale: 'en-US' })
    await page.goto(linkOf(other, `http://127.0.0.1:${once.port}`))
    assert.equal(await page.locator('img').count(), 0)
    assert.match(String(await page.locator('footer').textContent()), /This link works once\./)
    const coming = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download' }).click()
    assert.ok((await readFile(await (await coming).path())).equals(picture))
    await page.reload()
    assert.equal(await page.locator('h1').textContent(), 'This file is no longer here')
    await page.close()
  })
})

/** Runs in the page: the colours of every kind of text, and of what is behind it. */
const readColours = `['h1', '.soft', '.button', 'dt', 'dd', 'code', 'footer'].map((what) => {
  const text = document.querySelector(what)
  let behind = text
  while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement
  return [what, getComputedStyle(text).color, getComputedStyle(behind).backgroundColor]
})`

/** How much each stands out (WCAG 2.2 §1.4.3). */
async function contrasts(page: Page): Promise<[what: string, ratio: number][]> {
  const colours = await page.evaluate<[what: string, colour: string, ground: string][]>(readColours)
  return colours.map(([what, colour, ground]) => {
    const [lighter = 1, darker = 1] = [luminance(colour), luminance(ground)].sort((one, other) => other - one)
    return [what, (lighter + 0.05) / (darker + 0.05)]
  })
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((channel) => {
    const value = Number(channel) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
