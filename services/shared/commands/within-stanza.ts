const mostListed = 100
/**
 * Of all names together. Prosody ends the stream of a component that sends more than 512 KiB at once, and a JID or a file
 * may have a name of a thousand characters of which each takes six on the wire.
 */
const mostCharacters = 50_000

/** The first of a list, no more than fit into the answer of one command. `charactersOf` counts the names that others chose. */
export function withinStanza<Item>(items: readonly Item[], charactersOf: (item: Item) => number): readonly Item[] {
  let characters = 0
  const listed: Item[] = []
  for (const item of items.slice(0, mostListed)) {
    characters += charactersOf(item)
    if (characters > mostCharacters) break
    listed.push(item)
  }
  return listed
}
