import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseStanza } from '../../../test/support/parse-stanza.ts'
import { createCapabilities, verificationOf } from './caps.ts'
import { ns } from './xml.ts'

const answers = (children: string) =>
  parseStanza(`<query xmlns='${ns.discoInfo}'>${children}</query>`).getChildElements()
const muc = ['caps', 'disco#info', 'disco#items', 'muc']
  .map((name) => `<feature var='http://jabber.org/protocol/${name}'/>`)
  .reverse()
  .join('')

describe('verificationOf()', () => {
  it('is that of the simple example of XEP-0115 §5.2', () => {
    const exodus = `<identity category='client' type='pc' name='Exodus 0.9.1'/>${muc}`
    assert.equal(verificationOf(answers(exodus)), 'QgayPKawpkPSDYmwT/WM94uAlu0=')
  })

  it('is that of the complex example of §5.3, whatever the order of what is said', () => {
    const psi =
      "<identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>" +
      "<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>" +
      muc +
      "<x xmlns='jabber:x:data' type='result'>" +
      "<field var='software_version'><value>0.11</value></field>" +
      "<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>" +
      "<field var='ip_version'><value>ipv6</value><value>ipv4</value></field>" +
      "<field var='os'><value>Mac</value></field><field var='os_version'><value>10.5.1</value></field>" +
      "<field var='software'><value>Psi</value></field></x>"
    assert.equal(verificationOf(answers(psi)), 'q07IKJEyjvHSyhy//CH0CxmKi8w=')
  })
})

describe('createCapabilities()', () => {
  const info = { identities: [{ category: 'client', type: 'bot' }], features: new Set(['urn:x']) }

  it('answers at the node of its hash, and at no other', () => {
    const { element, nodes } = createCapabilities(info, 'https://example.com/bot')
    const jid = { local: 'a', domain: 'ex.com', resource: '' }
    const children = nodes.info(`https://example.com/bot#${element.attrs.ver}`, jid)
    assert.equal(verificationOf(children ?? []), element.attrs.ver)
    assert.equal(nodes.info('https://example.com/bot#other', jid), undefined)
  })
})
