import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failure } from '../bytestream/failure.ts'
import { parseJid } from '../bytestream/jid.ts'
import { createSession } from '../xmpp/session.ts'
import { type Element, ns } from '../xmpp/xml.ts'
import { carryOut } from './client.ts'
import type { Command } from './command.ts'
import { commandHandler } from './protocol.ts'
import { CommandSessions } from './sessions.ts'

const client = 'ann@ex.com/cli'

/** A session whose every request is answered by commands of ours. */
function sessionWith(commands: readonly Command[]) {
  const handle = commandHandler({
    commands,
    mayUse: () => true,
    sessions: new CommandSessions({}, { componentSecret: 'secret' }),
    events: { commandEnded: () => {} },
  })
  const service = createSession({ jid: () => parseJid('svc.ex.com'), send: async () => {} })
  service.session.onIq({ type: 'set', name: 'command', namespace: ns.commands }, (payload) =>
    handle({ from: client, requester: parseJid(client), payload }),
  )
  const own = createSession({
    jid: () => parseJid(client),
    async send(iq: Element) {
      iq.attrs.from = client
      const answer = await service.receive(iq)
      if (answer) await own.receive(answer)
    },
  })
  return own.session
}

const to = 'svc.ex.com'

describe('carryOut()', () => {
  it('gives the rows and the notes of a command that asks nothing', async () => {
    const list: Command = {
      node: 'splice65:list',
      name: 'List',
      run: async () => ({
        notes: [{ type: 'warn', text: '2 more' }],
        form: { table: { columns: [{ name: 'id' }, { name: 'size' }], rows: [['a', 1]] } },
      }),
    }
    assert.deepEqual(await carryOut(sessionWith([list]), { to, name: 'list' }), {
      notes: [{ type: 'warn', text: '2 more' }],
      fields: { FORM_TYPE: 'splice65:list' },
      rows: [{ id: 'a', size: '1' }],
    })
  })

  it('fills a form in, and throws what could not be done', async () => {
    const deleted: string[] = []
    const remove: Command = {
      node: 'splice65:remove',
      name: 'Remove',
      form: { asks: ['id'], make: async () => ({ ask: { fields: [{ name: 'id', required: true }] } }) },
      async run({ id = '' }) {
        if (id === 'gone') throw new Failure('not-found', 'There is no gone')
        deleted.push(id)
        return { notes: [{ type: 'info', text: `${id} was removed` }] }
      },
    }
    const session = sessionWith([remove])
    const { notes } = await carryOut(session, { to, name: 'remove', entries: { id: 'a' } })
    assert.deepEqual([notes, deleted], [[{ type: 'info', text: 'a was removed' }], ['a']])
    await assert.rejects(carryOut(session, { to, name: 'remove', entries: { id: 'gone' } }), /There is no gone/)
  })

  it('throws the error that the service answers', async () => {
    await assert.rejects(
      carryOut(sessionWith([]), { to, name: 'list' }),
      (error: { condition?: string }) => error.condition === 'forbidden',
    )
  })
})
