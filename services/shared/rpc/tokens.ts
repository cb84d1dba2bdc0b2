/**
 * The tokens in an option's text, a line each. All of them are accepted and the first one is shown, so that a token is
 * replaced without a refusal: add the new one behind the old, then put it first, then leave the old one out.
 */
export function tokensOf(rpcToken: string): string[] {
  return rpcToken
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** The one of them that is shown. */
export function shownToken(rpcToken: string): string {
  return tokensOf(rpcToken)[0] ?? ''
}

const LEAST_CHARACTERS = 16

/** Whether each of them is long enough to be no guess. */
export function areTokens(rpcToken: string): boolean {
  const tokens = tokensOf(rpcToken)
  return tokens.length > 0 && tokens.every(({ length }) => length >= LEAST_CHARACTERS)
}

/** What to say where they are not. */
export const tokensWanted: string = `needs at least ${LEAST_CHARACTERS} characters in each line`
