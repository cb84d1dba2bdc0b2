import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { attribute } from '../../services/shared/xmpp/xml.ts'
import { answeringControl } from '../support/answering-control.ts'
import { parseStanza } from '../support/parse-stanza.ts'
import { golden, substance, written } from './corpus.ts'

const addresses = { from: 'alice@ex.com/phone', to: 'proxy.ex.com' }

describe('Control, asked in a way that is odd and legal', () => {
  for (const { fact, stanza, answer } of golden) {
    it(`answers ${fact}`, async () => {
      const control = answeringControl()
      const asked = parseStanza(written(stanza, addresses))
      const answered = await control.answer(asked)
      assert.ok(answered)
      assert.equal(substance(answered), written('result' in answer ? answer.result : answer.error, addresses))
      assert.equal(attribute(answered, 'id'), attribute(asked, 'id'))
      assert.deepEqual([attribute(answered, 'to'), attribute(answered, 'from')], [addresses.from, addresses.to])
    })
  }
})
