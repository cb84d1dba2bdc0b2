/** What was tried where a goal is missed, by the name of the ratio: a sentence or two for RESULTS.md. */
export const tried: Readonly<Record<string, string>> = {}
