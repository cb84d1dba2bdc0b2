import type { Records, Subscription } from '../../services/courier/records/records.ts'

type Kept = Pick<Records, 'subscription' | 'setSubscription' | 'subscribers' | 'followers' | 'recipients'>

/** The subscriptions of `Records` in memory; `waiting` are the users for whom something waits. */
export function memorySubscriptions(waiting: readonly string[] = []): Kept & { waiting: string[] } {
  const kept = new Map<string, Subscription>()
  const of = (user: string) => kept.get(user) ?? { sees: false, asked: false, refused: false, follows: [] }
  return {
    waiting: [...waiting],
    subscription: async (user) => of(user),
    async setSubscription(user, change) {
      kept.set(user, { ...of(user), ...change })
    },
    subscribers: async () => [...kept].flatMap(([user, { sees }]) => (sees ? [user] : [])),
    followers: async () => [...kept].flatMap(([user, { follows }]) => (follows.length > 0 ? [{ user, follows }] : [])),
    async recipients() {
      return this.waiting
    },
  }
}
