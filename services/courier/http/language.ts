import type { ParcelOutcome } from '../parcels/parcel.ts'

/** What the page says, in one language. */
export interface Language {
  /** As HTML has it. */
  readonly tag: string
  readonly from: string
  readonly until: string
  readonly checksum: string
  readonly download: string
  readonly preview: string
  readonly caution: string
  /** How often the link still works. */
  readonly left: (downloads: number) => string
  readonly unknownTitle: string
  readonly unknownText: string
  readonly goneTitle: string
  readonly goneText: Readonly<Record<ParcelOutcome, string>>
}

const english: Language = {
  tag: 'en',
  from: 'From',
  until: 'Available until',
  checksum: 'SHA-256',
  download: 'Download',
  preview: 'Preview',
  caution: 'Open files only from people you know.',
  left: (downloads) => (downloads === 1 ? 'This link works once.' : `This link works ${downloads} more times.`),
  unknownTitle: 'There is no such file',
  unknownText: 'Is the whole link there? What was sent long ago is not remembered either.',
  goneTitle: 'This file is no longer here',
  goneText: {
    delivered: 'It has been fetched as often as it could be.',
    expired: 'The time for which it was kept is over. Ask for it once more.',
    deleted: 'It was deleted.',
    abandoned: 'It never came here completely.',
    refused: 'It did not pass the scan for malware.',
    damaged: 'It was damaged here. Ask for it once more.',
  },
}

const german: Language = {
  tag: 'de',
  from: 'Von',
  until: 'Verfügbar bis',
  checksum: 'SHA-256',
  download: 'Herunterladen',
  preview: 'Vorschau',
  caution: 'Öffne nur Dateien von Menschen, die du kennst.',
  left: (downloads) =>
    downloads === 1 ? 'Dieser Link funktioniert einmal.' : `Dieser Link funktioniert noch ${downloads}-mal.`,
  unknownTitle: 'Diese Datei gibt es nicht',
  unknownText: 'Ist der Link vollständig? Auch was vor langer Zeit gesendet wurde, ist hier nicht mehr bekannt.',
  goneTitle: 'Diese Datei ist nicht mehr da',
  goneText: {
    delivered: 'Sie wurde so oft abgeholt, wie es möglich war.',
    expired: 'Die Zeit, für die sie aufbewahrt wurde, ist vorbei. Bitte darum, sie noch einmal zu senden.',
    deleted: 'Sie wurde gelöscht.',
    abandoned: 'Sie ist nie vollständig angekommen.',
    refused: 'Die Suche nach Schadsoftware hat sie nicht durchgelassen.',
    damaged: 'Sie wurde hier beschädigt. Bitte darum, sie noch einmal zu senden.',
  },
}

const languages = [english, german]

/** The language that a reader likes best of those there are (RFC 9110 §12.5.4); English when he likes none of them. */
export function languageFor(acceptLanguage: string | undefined): Language {
  const wishes = (acceptLanguage ?? '').split(',').map((item) => {
    const [tag = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
    return { tag: tag.split('-')[0] ?? '', quality: quality === undefined ? 1 : Number(quality) || 0 }
  })
  const [best] = wishes
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality)
    .flatMap(({ tag }) => languages.find((language) => language.tag === tag) ?? [])
  return best ?? english
}
