/** Text of others without what a terminal would obey: controls, writing direction, line separators. */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '�')
}
