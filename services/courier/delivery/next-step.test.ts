import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type KnownResource, nextStep, type Situation, type Step } from './next-step.ts'

const phone: KnownResource = { jid: 'bob@example.com/phone', streams: 'unknown', troubled: false }
const desk: KnownResource = { jid: 'bob@example.com/desk', streams: 'unknown', troubled: false }
const now = new Date(0)

function step(situation: Partial<Situation>): Step {
  return nextStep({
    policy: 'auto',
    parcel: { attempts: 0 },
    agreed: true,
    resources: [phone],
    attemptsBeforeLink: 3,
    ...situation,
  })
}

const link: Step = { does: 'link' }
const untilArrival: Step = { does: 'wait', until: 'arrival' }
const untilRetry: Step = { does: 'wait', until: 'retry' }
const untilEnd: Step = { does: 'wait', until: 'end' }

describe('nextStep()', () => {
  const cases: readonly (readonly [fact: string, situation: Partial<Situation>, step: Step])[] = [
    ['asks the best resource what it can', { resources: [phone, desk] }, { does: 'ask', to: phone.jid }],
    ['offers to a resource that can', { resources: [{ ...phone, streams: 'yes' }] }, { does: 'offer', to: phone.jid }],
    [
      'asks the next one when the best cannot',
      { resources: [{ ...phone, streams: 'no' }, desk] },
      { does: 'ask', to: desk.jid },
    ],
    [
      'asks the next one when the best is in trouble',
      { resources: [{ ...phone, streams: 'yes', troubled: true }, desk] },
      { does: 'ask', to: desk.jid },
    ],
    ['sends the link when no resource can', { resources: [{ ...phone, streams: 'no' }] }, link],
    [
      'waits for another arrival when no resource can and there are no links',
      { policy: 'stream', resources: [{ ...phone, streams: 'no' }] },
      untilArrival,
    ],
    ['sends the link when nobody decided', { resources: [{ ...phone, streams: 'unanswered' }] }, link],
    [
      'tries again later when nobody decided and there are no links',
      { policy: 'stream', resources: [{ ...phone, streams: 'unanswered' }] },
      untilRetry,
    ],
    ['tries again later when all that can is in trouble', { resources: [{ ...phone, troubled: true }] }, untilRetry],
    [
      'tries again later when one is in trouble and the others cannot',
      {
        resources: [
          { ...phone, troubled: true },
          { ...desk, streams: 'no' },
        ],
      },
      untilRetry,
    ],
    ['waits for one who agreed and is away', { resources: [] }, untilArrival],
    ['sends the link to one who has not agreed', { agreed: false }, link],
    ['sends the link to one who has not agreed and is away', { agreed: false, resources: [] }, link],
    ['waits for an agreement where there are no links', { policy: 'stream', agreed: false }, untilArrival],
    ['sends the link after a decline', { parcel: { attempts: 1, declinedAt: now } }, link],
    [
      'does not ask again after a decline where there are no links',
      { policy: 'stream', parcel: { attempts: 1, declinedAt: now } },
      untilEnd,
    ],
    ['sends the link after enough attempts', { parcel: { attempts: 3 } }, link],
    [
      'goes on trying where there are no links',
      { policy: 'stream', parcel: { attempts: 99 } },
      { does: 'ask', to: phone.jid },
    ],
    ['only sends links where that is the policy', { policy: 'link' }, link],
    ['sends the link once', { policy: 'link', parcel: { attempts: 0, linkedAt: now } }, untilEnd],
    ['sends it once to who does not agree', { agreed: false, parcel: { attempts: 0, linkedAt: now } }, untilEnd],
    [
      'sends it once where nothing can',
      { parcel: { attempts: 0, linkedAt: now }, resources: [{ ...phone, streams: 'no' }] },
      untilEnd,
    ],
    [
      'offers a stream to who agrees after he was sent the link',
      { parcel: { attempts: 0, linkedAt: now }, resources: [{ ...phone, streams: 'yes' }] },
      { does: 'offer', to: phone.jid },
    ],
    ['offers no stream after it was declined', { parcel: { attempts: 1, linkedAt: now, declinedAt: now } }, untilEnd],
  ]
  for (const [fact, situation, expected] of cases) it(fact, () => assert.deepEqual(step(situation), expected))

  const situations = fc.record({
    policy: fc.constantFrom('auto', 'stream', 'link'),
    parcel: fc
      .record({ attempts: fc.nat(5), linked: fc.boolean(), declined: fc.boolean() })
      .map(({ attempts, linked, declined }) => ({
        attempts,
        ...(linked && { linkedAt: now }),
        ...(declined && { declinedAt: now }),
      })),
    agreed: fc.boolean(),
    resources: fc.uniqueArray(
      fc.record({
        jid: fc.constantFrom('b@e/1', 'b@e/2', 'b@e/3'),
        streams: fc.constantFrom('unknown', 'yes', 'no', 'unanswered'),
        troubled: fc.boolean(),
      }),
      { selector: ({ jid }) => jid },
    ),
    attemptsBeforeLink: fc.integer({ min: 1, max: 4 }),
  })

  it('offers only to who agreed, and never against the policy', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const { does } = nextStep(situation)
        if (does === 'ask' || does === 'offer') {
          assert.ok(situation.agreed && situation.policy !== 'link' && !situation.parcel.declinedAt)
        }
        if (does === 'link') assert.ok(situation.policy !== 'stream' && !situation.parcel.linkedAt)
      }),
    )
  })

  it('comes to an end, whatever the resources answer', () => {
    fc.assert(
      fc.property(
        situations,
        fc.infiniteStream(fc.constantFrom('yes', 'no', 'unanswered', 'trouble')),
        (start, answers) => {
          let situation: Situation = start
          for (let steps = 0; steps < 10; steps += 1) {
            const next = nextStep(situation)
            if (next.does === 'wait' || next.does === 'link') return
            const answer = String(answers.next().value)
            situation = {
              ...situation,
              resources: situation.resources.map((resource): KnownResource => {
                if (resource.jid !== next.to) return resource
                if (answer === 'trouble') return { ...resource, troubled: true }
                if (next.does === 'offer') return { ...resource, streams: answer === 'unanswered' ? answer : 'no' }
                return { ...resource, streams: answer === 'yes' ? 'yes' : 'no' }
              }),
            }
          }
          assert.fail('still busy after ten steps with three resources')
        },
      ),
    )
  })
})
