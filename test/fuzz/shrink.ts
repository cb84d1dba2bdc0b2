const mostTries = 2_000

/**
 * Looks for simpler choices that still fail: fewer of them, or lower ones. `fails` makes an input from the choices and
 * says what they came to when it fails.
 */
export async function shrink(
  choices: readonly number[],
  fails: (choices: readonly number[]) => Promise<readonly number[] | undefined>,
): Promise<readonly number[]> {
  let best = choices
  let tries = 0
  for (let improved = true; improved && tries < mostTries; ) {
    improved = false
    for (const candidate of simpler(best)) {
      tries += 1
      if (tries > mostTries) break
      const made = await fails(candidate)
      if (made === undefined || !isSimpler(made, best)) continue
      best = made
      improved = true
      break
    }
  }
  return best
}

/** Simpler than these, the boldest first. */
function* simpler(choices: readonly number[]): Generator<number[]> {
  for (let size = choices.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < choices.length; at += size) yield choices.toSpliced(at, size)
  }
  for (const [at, choice] of choices.entries()) {
    if (choice > 0) yield choices.with(at, 0)
    if (choice > 1) yield choices.with(at, Math.floor(choice / 2))
    if (choice > 1) yield choices.with(at, choice - 1)
  }
}

function isSimpler(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return a.length < b.length
  const at = a.findIndex((choice, i) => choice !== b[i])
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0)
}
