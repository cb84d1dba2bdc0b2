const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const wills = new Set<() => void>()

/**
 * Has `will` run when this process ends, however it ends short of SIGKILL: normally, by an exception, or by a signal
 * that nobody else handles. It must be synchronous; the latest will runs first. Returns the way to revoke it.
 */
export function lastWill(will: () => void): () => void {
  if (wills.size === 0) listen()
  wills.add(will)
  return () => {
    if (wills.delete(will) && wills.size === 0) stopListening()
  }
}

function listen(): void {
  process.on('exit', execute)
  for (const signal of signals) process.on(signal, dieBy)
}

function stopListening(): void {
  process.off('exit', execute)
  for (const signal of signals) process.off(signal, dieBy)
}

function execute(): void {
  for (const will of [...wills].reverse()) {
    try {
      will()
    } catch (error) {
      console.error(error)
    }
  }
  wills.clear()
}

function dieBy(signal: NodeJS.Signals): void {
  // Whoever else listens (a test runner, a demo that stops in order) decides when to exit, and 'exit' executes.
  if (process.listenerCount(signal) > 1) return
  execute()
  stopListening()
  process.kill(process.pid, signal)
}
