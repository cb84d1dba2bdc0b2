import { safeFileName } from '../../shared/transfer/file-name.ts'
import type { Parcel } from '../parcels/parcel.ts'
import { type Html, html } from './html.ts'
import type { Language } from './language.ts'
import { isPicture } from './media-type.ts'
import { pageStyle } from './page-style.ts'

/** Larger pictures are not shown before somebody asks for them: a page should not cost what a download costs. */
const mostPreviewBytes = 16 << 20

/** What a person sees who opens a link in a browser: what it is, from whom, until when, and a button. */
export function filePage(
  { name, size, mediaType, sender, expiresAt, sha256 = '', downloads }: Parcel,
  { language, linkDownloads }: { readonly language: Language; readonly linkDownloads: number },
): string {
  const title = safeFileName(name)
  // A link that works once must not be used up, or seen without being used up, by looking at the page.
  const previewed = isPicture(mediaType) && size <= mostPreviewBytes && linkDownloads === 0
  return page(
    language,
    title,
    html`${heading(fileIcon, title, html`<p class="soft">${formatSize(size, language)}</p>`)}
${previewed ? html`<div class="preview"><img src="?preview" alt="${language.preview}"></div>` : undefined}
<a class="button" href="?download" download>${language.download}</a>
<dl>
<div><dt>${language.from}</dt><dd><bdi>${sender}</bdi></dd></div>
<div><dt>${language.until}</dt><dd><time datetime="${expiresAt.toISOString()}">${formatTime(expiresAt, language)}</time></dd></div>
<div><dt>${language.checksum}</dt><dd><code>${sha256}</code></dd></div>
</dl>
<footer>${linkDownloads > 0 ? html`<p>${language.left(linkDownloads - downloads)}</p>` : undefined}<p>${language.caution}</p></footer>`,
  )
}

/** What he sees when the link leads nowhere. */
export function unknownPage(language: Language): string {
  return saying(language, language.unknownTitle, language.unknownText)
}

/** What he sees when the file was here. */
export function gonePage({ outcome = 'expired' }: Pick<Parcel, 'outcome'>, language: Language): string {
  return saying(language, language.goneTitle, language.goneText[outcome])
}

function saying(language: Language, title: string, text: string): string {
  return page(
    language,
    title,
    html`${heading(noFileIcon, title)}
<p class="soft">${text}</p>`,
  )
}

function heading(icon: Html, title: string, more?: Html): Html {
  return html`<header>${icon}<div><h1><bdi>${title}</bdi></h1>${more}</div></header>`
}

function page({ tag }: Language, title: string, content: Html): string {
  return html`<!doctype html>
<html lang="${tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<link rel="icon" href="${tabIcon}">
<title>${title}</title>
<style>${{ html: pageStyle }}</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`.html
}

function formatSize(bytes: number, { tag }: Language): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return new Intl.NumberFormat(tag, {
    style: 'unit',
    unit: units[power] ?? 'byte',
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: power === 0 ? 0 : 1,
  }).format(bytes / 1000 ** power)
}

/** In UTC, which is said: nobody knows where the reader is. */
function formatTime(time: Date, { tag }: Language): string {
  return `${new Intl.DateTimeFormat(tag, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(time)} UTC`
}

const sheet = 'M14 2.75H7A2.25 2.25 0 0 0 4.75 5v14A2.25 2.25 0 0 0 7 21.25h10A2.25 2.25 0 0 0 19.25 19V8zV8h5.25'
const fileIcon = icon('M12 11.5v5.75M9.5 14.75l2.5 2.5 2.5-2.5')
const noFileIcon = icon('M9.75 12.5l4.5 4.5M14.25 12.5l-4.5 4.5')

/** A sheet of paper with something on it. */
function icon(drawn: string): Html {
  return html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round" aria-hidden="true"><path d="${sheet}${drawn}"/></svg>`
}

/** What the browser shows beside the title: without it, it would ask for one. */
const tabIcon = `data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#4a8fe0" stroke-width="2" stroke-linejoin="round"><path d="${sheet}"/></svg>`,
)}`
