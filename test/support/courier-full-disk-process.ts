/**
 * A process that sends a courier's storage in FOLDER, a small volume, more than there is room for; KEEP is the room that files
 * leave free. It writes one line of JSON with what came of it.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../services/shared/bytestream/failure.ts'
import { bytesOf, draftOf, receptionOf } from './courier-intake.ts'
import { openCourierStorage } from './courier-storage.ts'

const [, , folder = '', keep] = process.argv
await using storage = await openCourierStorage(folder, { keepFreeBytes: Number(keep) })
const reception = receptionOf(storage, { bytesPerSender: 0 })
const chunk = bytesOf('large')
const incoming = await reception.accept(draftOf('large', 500 * chunk.length))
const refusal = await (async () => {
  for (;;) await incoming.write(chunk)
})().catch((error: unknown) => error)
const left = await readdir(join(folder, 'incoming'))
const outcome = (await storage.records.find(incoming.parcel.id))?.outcome
const small = await reception.accept(draftOf('small', 1000))
await small.write(bytesOf('small', 1000))
const { state } = await small.finish()
const code = refusal instanceof Failure ? refusal.code : String(refusal)
console.log(JSON.stringify({ code, left, outcome, afterwards: state }))
