import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseStanza } from '../../../test/support/parse-stanza.ts'
import { parseJid } from '../../shared/bytestream/jid.ts'
import type { EndedCommand } from '../../shared/commands/protocol.ts'
import { StanzaError } from '../../shared/xmpp/stanza-error.ts'
import { attribute, type Element, ns } from '../../shared/xmpp/xml.ts'
import type { Parcel } from '../parcels/parcel.ts'
import { createCourierCommands } from './commands.ts'

const options = { componentDomain: 'courier.ex.com', componentSecret: 'secret', admins: ['ann@ex.com'] }

const parcel = (id: string, sender: string, recipient?: string): Parcel => ({
  id,
  sender,
  ...(recipient && { recipient }),
  name: `${id}.txt`,
  size: 2048,
  mediaType: 'text/plain',
  state: 'stored',
  blob: id,
  linkKey: id,
  offeredAt: new Date(0),
  expiresAt: new Date(86_400_000),
  downloads: 0,
  attempts: 0,
  linkReturns: 0,
})

/** A courier that keeps one file from alice to bob, one from bob to carol, and one that alice has uploaded. */
function setUp() {
  const kept = [
    parcel('letter', 'alice@ex.com', 'bob@ex.com'),
    parcel('photo', 'bob@ex.com', 'carol@ex.com'),
    parcel('upload', 'alice@ex.com'),
  ]
  const deleted: string[] = []
  const ended: EndedCommand[] = []
  const { handle, nodes } = createCourierCommands(
    {
      records: {
        waitingFor: async (jid) => kept.filter(({ recipient }) => recipient === jid),
        sentBy: async (jid) => kept.filter(({ sender }) => sender === jid),
        find: async (id) => kept.find((each) => each.id === id),
        async end(id) {
          deleted.push(id)
          return deleted.filter((each) => each === id).length === 1
        },
        totals: async () => ({ parcels: 3, bytes: 6144, receivingBytes: 7 }),
      },
      serves: ({ domain }) => domain === 'ex.com',
      events: { commandEnded: (each) => ended.push(each) },
    },
    options,
  )
  const ask = (from: string, node: string, { session = '', fields = {} as Record<string, string> } = {}) => {
    const submitted = Object.entries(fields).map(
      ([name, value]) => `<field var='${name}'><value>${value}</value></field>`,
    )
    const form = session && `<x xmlns='${ns.dataForm}' type='submit'>${submitted.join('')}</x>`
    const payload = parseStanza(
      `<command xmlns='${ns.commands}' node='splice65:${node}'${session && ` sessionid='${session}'`}>${form}</command>`,
    )
    return handle({ from, requester: parseJid(from), payload })
  }
  return { ask, nodes, deleted, ended }
}

/** Whatever stands in the first cell of each row. */
function rowsOf(command: Element): string[] {
  const items = command.getChild('x', ns.dataForm)?.getChildren('item') ?? []
  return items.map((item) => item.getChild('field')?.getChildText('value') ?? '')
}

const noteOf = (command: Element) => command.getChildText('note')

describe('Commands of the courier', () => {
  it('show a user what waits for him and what he has sent', async () => {
    const { ask } = setUp()
    assert.deepEqual(rowsOf(await ask('bob@ex.com/phone', 'waiting-parcels')), ['letter'])
    assert.deepEqual(rowsOf(await ask('bob@ex.com/phone', 'sent-parcels')), ['photo'])
    assert.deepEqual(rowsOf(await ask('alice@ex.com/phone', 'sent-parcels')), ['letter', 'upload'])
    assert.equal(noteOf(await ask('alice@ex.com/phone', 'waiting-parcels')), 'Nothing waits for you')
  })

  it('let a user delete what he has sent and what waits for him, and nothing else', async () => {
    const { ask, deleted } = setUp()
    const asked = await ask('bob@ex.com/phone', 'delete-parcel')
    const choices = asked.getChild('x', ns.dataForm)?.getChildren('field').at(-1)?.getChildren('option') ?? []
    assert.deepEqual(
      choices.map((choice) => attribute(choice, 'label')),
      ['letter.txt, 2.0 KiB, from alice@ex.com', 'photo.txt, 2.0 KiB, to carol@ex.com'],
    )
    const session = attribute(asked, 'sessionid') ?? ''
    const choose = (id: string) => ask('bob@ex.com/phone', 'delete-parcel', { session, fields: { parcel: id } })
    assert.equal(noteOf(await choose('letter')), 'letter.txt was deleted')
    assert.equal(noteOf(await choose('letter')), 'letter.txt was gone already')
    assert.equal(noteOf(await choose('upload')), 'There is no file upload of yours')
    assert.equal(noteOf(await choose('nothing')), 'There is no file nothing of yours')
    assert.deepEqual(deleted, ['letter', 'letter'])
  })

  it('let an administrator see the files of a user, delete any, and tell the store in numbers', async () => {
    const { ask, deleted, ended } = setUp()
    const begun = attribute(await ask('ann@ex.com/phone', 'parcels-of-user'), 'sessionid') ?? ''
    const user = { session: begun, fields: { user: 'Bob@ex.com' } }
    assert.deepEqual(rowsOf(await ask('ann@ex.com/phone', 'parcels-of-user', user)), ['letter', 'photo'])
    const session = attribute(await ask('ann@ex.com/phone', 'delete-parcel'), 'sessionid') ?? ''
    await ask('ann@ex.com/phone', 'delete-parcel', { session, fields: { parcel: 'upload' } })
    assert.deepEqual(deleted, ['upload'])
    const numbers = await ask('ann@ex.com/phone', 'store-statistics')
    const fields = numbers.getChild('x', ns.dataForm)?.getChildren('field').slice(1) ?? []
    assert.deepEqual(
      fields.map((field) => field.getChildText('value')),
      ['3', '6144', '7'],
    )
    assert.deepEqual(
      ended.map(({ node }) => node),
      ['splice65:parcels-of-user', 'splice65:delete-parcel', 'splice65:store-statistics'],
    )
  })

  it('are hidden from whom they are not for', async () => {
    const { ask, nodes } = setUp()
    const names = (jid: string) => nodes.items(ns.commands, parseJid(jid))?.length
    assert.deepEqual([names('ann@ex.com/x'), names('bob@ex.com/x'), names('eve@else.where/x')], [5, 3, 0])
    const refused = (error: unknown) => error instanceof StanzaError && error.condition === 'forbidden'
    await assert.rejects(ask('eve@else.where/x', 'waiting-parcels'), refused)
    const absent = (error: unknown) => error instanceof StanzaError && error.condition === 'item-not-found'
    await assert.rejects(ask('bob@ex.com/x', 'store-statistics'), absent)
  })
})
