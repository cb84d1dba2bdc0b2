import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StanzaError } from '../../xmpp/stanza-error.ts'
import { type Action, actions, type Role } from './jingle.ts'
import { moveSession, type SessionState } from './session-state.ts'

const states: readonly SessionState[] = [
  { state: 'pending' },
  { state: 'active' },
  { state: 'active', replacing: 'initiator' },
  { state: 'active', replacing: 'responder' },
]
const roles: readonly Role[] = ['initiator', 'responder']
const pending = states[0] as SessionState
const active: SessionState = { state: 'active' }

/** The state after an action, or the application's condition of the refusal. */
function after(state: SessionState, action: Action, by: Role): SessionState | string {
  try {
    return moveSession(state, { action, by })
  } catch (error) {
    assert.ok(error instanceof StanzaError)
    return error.app?.getName() ?? error.condition
  }
}

describe('moveSession()', () => {
  it('knows nothing of a session that has ended', () => {
    for (const action of actions) {
      for (const by of roles) assert.equal(after({ state: 'ended' }, action, by), 'unknown-session')
    }
  })

  it('lets both sides end and tell at any time', () => {
    for (const state of states) {
      for (const by of roles) {
        assert.deepEqual(after(state, 'session-terminate', by), { state: 'ended' })
        assert.deepEqual(after(state, 'session-info', by), state)
      }
    }
  })

  it('becomes active by the responder’s word, once', () => {
    assert.deepEqual(after(pending, 'session-accept', 'responder'), active)
    assert.equal(after(pending, 'session-accept', 'initiator'), 'out-of-order')
    assert.equal(after(active, 'session-accept', 'responder'), 'out-of-order')
  })

  it('is initiated once', () => {
    for (const state of states) assert.equal(after(state, 'session-initiate', 'initiator'), 'out-of-order')
  })

  it('hears of tries of the responder before it has accepted, of the initiator not', () => {
    assert.deepEqual(after(pending, 'transport-info', 'responder'), pending)
    assert.equal(after(pending, 'transport-info', 'initiator'), 'out-of-order')
    assert.deepEqual(after(active, 'transport-info', 'initiator'), active)
  })

  it('replaces a transport by the word of both', () => {
    for (const [by, other] of [roles, roles.toReversed()] as [Role, Role][]) {
      const replacing = { state: 'active', replacing: by } as const
      assert.equal(after(pending, 'transport-replace', by), 'out-of-order')
      assert.deepEqual(after(active, 'transport-replace', by), replacing)
      assert.equal(after(replacing, 'transport-replace', by), 'out-of-order')
      for (const answer of ['transport-accept', 'transport-reject'] as const) {
        assert.deepEqual(after(replacing, answer, other), active)
        assert.equal(after(replacing, answer, by), 'out-of-order')
        assert.equal(after(active, answer, other), 'out-of-order')
      }
    }
  })

  it('gives the initiator way when both replace at once', () => {
    assert.equal(after({ state: 'active', replacing: 'initiator' }, 'transport-replace', 'responder'), 'tie-break')
    assert.deepEqual(after({ state: 'active', replacing: 'responder' }, 'transport-replace', 'initiator'), {
      state: 'active',
      replacing: 'initiator',
    })
  })

  it('is about one content', () => {
    for (const action of ['content-add', 'content-modify', 'description-info', 'security-info'] as const) {
      assert.equal(after(active, action, 'initiator'), 'feature-not-implemented')
    }
  })
})
