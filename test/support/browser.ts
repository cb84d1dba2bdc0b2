import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const candidates = [
  ...['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'],
  ...['/opt/homebrew/bin/chromium', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'],
]

/** The browser of this machine, which asks nobody for anything but the pages of a test. Whoever starts it closes it. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = candidates.find((path) => existsSync(path))
  if (executablePath === undefined) throw new Error(`Cannot find a browser: none of ${candidates.join(', ')}`)
  return await chromium.launch({
    executablePath,
    // Without UTF-8 it gives a download whose name is not ASCII another name.
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
    args: [
      ...['--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  })
}
