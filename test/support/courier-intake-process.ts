/**
 * A process that takes parcels in as a courier does, to be killed: `FOLDER POINT STORE`, the last an object store as JSON
 * or nothing. It stores `first`, arms the kill point and stores `second`; a line for each that it acknowledges.
 */
import { armKillPoint } from '../../services/shared/runtime/kill-point.ts'
import { bytesOf, draftOf, receptionOf } from './courier-intake.ts'
import { openCourierStorage } from './courier-storage.ts'

const [, , folder, point, store] = process.argv
const reception = receptionOf(await openCourierStorage(folder, store ? JSON.parse(store) : {}))
for (const name of ['first', 'second']) {
  if (name === 'second') armKillPoint(point, () => process.kill(process.pid, 'SIGKILL'))
  const incoming = await reception.accept(draftOf(name))
  await incoming.write(bytesOf(name))
  await incoming.finish()
  console.log(name)
}
process.exit()
