import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StanzaError } from '../xmpp/stanza-error.ts'
import { ns, xml } from '../xmpp/xml.ts'
import { formatAnswer, formatOffer, noValidStreams, type Offer, parseAnswer, parseOffer } from './offer.ts'

const offer: Offer = {
  sid: 's1',
  methods: ['s5b', 'ibb'],
  file: { name: 'käse & brot.txt', size: 2 ** 40, date: '2026-01-01T00:00:00Z', description: 'lunch', ranges: true },
}

const condition = (name: string) => (error: unknown) => error instanceof StanzaError && error.condition === name

describe('parseOffer()', () => {
  it('reads what formatOffer wrote', () => {
    assert.deepEqual(parseOffer(formatOffer(offer)), offer)
  })

  it('reads the media type where there is one to tell', () => {
    const picture = { ...offer, file: { ...offer.file, mediaType: 'image/png' } }
    assert.deepEqual(parseOffer(formatOffer(picture)), picture)
  })

  it('hears that the sender asks for a receipt', () => {
    const si = formatOffer(offer)
    assert.equal(parseOffer(si).file.receipt, undefined)
    si.append(xml('request', { xmlns: ns.receipts }))
    assert.equal(parseOffer(si).file.receipt, true)
  })

  it('leaves out methods it does not know', () => {
    const si = formatOffer(offer)
    const field = si.getChild('feature')?.getChild('x')?.getChild('field')
    field?.prepend(xml('option', {}, xml('value', {}, 'urn:pigeons')))
    assert.deepEqual(parseOffer(si).methods, ['s5b', 'ibb'])
  })

  it('refuses another profile with bad-profile', () => {
    const si = formatOffer(offer)
    si.attrs.profile = 'urn:other'
    assert.throws(
      () => parseOffer(si),
      (error) => error instanceof StanzaError && error.app?.is('bad-profile', ns.si) === true,
    )
  })

  for (const [what, spoil] of [
    ['no id', (si) => delete si.attrs.id],
    ['no file', (si) => si.remove('file')],
    ['no name', (si) => delete si.getChild('file')?.attrs.name],
    ['a negative size', (si) => si.getChild('file')?.setAttrs({ name: 'a', size: '-1' })],
    ['a size that is not exact', (si) => si.getChild('file')?.setAttrs({ name: 'a', size: '9007199254740993' })],
  ] satisfies [string, (si: ReturnType<typeof formatOffer>) => unknown][]) {
    it(`refuses an offer with ${what} as bad-request`, () => {
      const si = formatOffer(offer)
      spoil(si)
      assert.throws(() => parseOffer(si), condition('bad-request'))
    })
  }
})

describe('parseAnswer()', () => {
  const answer = (si: ReturnType<typeof formatAnswer>) => xml('iq', { type: 'result' }, si)

  it('reads what formatAnswer wrote', () => {
    assert.deepEqual(parseAnswer(answer(formatAnswer({ method: 'ibb', offset: 0 })), offer), {
      method: 'ibb',
      offset: 0,
    })
    assert.deepEqual(parseAnswer(answer(formatAnswer({ method: 's5b', offset: 77 })), offer), {
      method: 's5b',
      offset: 77,
    })
  })

  it('refuses a method that was not offered', () => {
    const only = { ...offer, methods: ['ibb'] as const }
    assert.throws(() => parseAnswer(answer(formatAnswer({ method: 's5b', offset: 0 })), only), condition('bad-request'))
  })

  it('refuses an offset that was not offered or lies behind the end', () => {
    const small = { ...offer, file: { ...offer.file, size: 10 } }
    const fixed = { ...offer, file: { ...offer.file, ranges: false } }
    assert.throws(
      () => parseAnswer(answer(formatAnswer({ method: 's5b', offset: 11 })), small),
      condition('bad-request'),
    )
    assert.throws(
      () => parseAnswer(answer(formatAnswer({ method: 's5b', offset: 1 })), fixed),
      condition('bad-request'),
    )
  })
})

describe('noValidStreams()', () => {
  it('is bad-request of type cancel with its own condition', () => {
    const { condition: name, type, app } = noValidStreams()
    assert.deepEqual([name, type, app?.name], ['bad-request', 'cancel', 'no-valid-streams'])
  })
})
