import { emitKeypressEvents, type Key } from 'node:readline'
import type { ReadStream, WriteStream } from 'node:tty'

const ALTERNATE_SCREEN = '\x1b[?1049h'
const USUAL_SCREEN = '\x1b[?1049l'
const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const HOME = '\x1b[H'
const CLEAR_TO_END_OF_LINE = '\x1b[K'
const CLEAR_TO_END = '\x1b[J'

/** A terminal that a view has to itself. */
export interface Terminal extends Disposable {
  readonly size: { readonly columns: number; readonly rows: number }
  draw(lines: readonly string[]): void
}

/**
 * Takes a terminal over: a screen of its own, no cursor, keys as they are typed. A key is its name: `q`, `up`, `ctrl-c`,
 * which interrupts nothing then. Disposing gives everything back as it was.
 */
export function takeTerminal(
  { input, output }: { readonly input: ReadStream; readonly output: WriteStream },
  watch: { readonly onKey: (key: string) => void; readonly onResize: () => void },
): Terminal {
  const onKeypress = (_text: string | undefined, { name = '', ctrl }: Key) => watch.onKey(ctrl ? `ctrl-${name}` : name)
  // Without a keyboard it is still worth watching; Ctrl-C ends it then.
  const hasKeys = input.isTTY
  if (hasKeys) {
    emitKeypressEvents(input)
    input.setRawMode(true).on('keypress', onKeypress).resume()
  }
  output.on('resize', watch.onResize)
  output.write(ALTERNATE_SCREEN + HIDE_CURSOR)
  return {
    get size() {
      // Some terminals of containers have no size until they are resized.
      return { columns: output.columns || 80, rows: output.rows || 24 }
    },
    draw(lines) {
      output.write(HOME + lines.map((line) => line + CLEAR_TO_END_OF_LINE).join('\r\n') + CLEAR_TO_END)
    },
    [Symbol.dispose]() {
      output.off('resize', watch.onResize)
      output.write(SHOW_CURSOR + USUAL_SCREEN)
      if (hasKeys) input.off('keypress', onKeypress).setRawMode(false).pause()
    },
  }
}
