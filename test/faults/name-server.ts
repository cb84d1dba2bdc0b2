import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { temporaryFolder } from '../../deploy/local/folder.ts'
import { insideNamespace } from './namespace.ts'

const run = promisify(execFile)

/** A name server for this namespace, by which every name is 127.0.0.1. Whoever starts it stops it. */
export interface NameServer {
  /** While silent it takes questions and answers none. */
  silent: boolean
  stop(): Promise<void>
}

/** Starts the name server, and has every process of this mount namespace ask it. */
export async function startNameServer(): Promise<NameServer> {
  if (!insideNamespace) throw new Error('Cannot start a name server: this process has no namespace of its own')
  const folder = temporaryFolder('resolv')
  await writeFile(folder.file('resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n')
  await run('mount', ['--bind', folder.file('resolv.conf'), '/etc/resolv.conf'])
  const socket = createSocket('udp4')
  const server = {
    silent: false,
    async stop() {
      socket.close()
      await run('umount', ['/etc/resolv.conf'])
      await folder.remove()
    },
  }
  socket.on('message', (question, { port, address }) => {
    if (!server.silent) socket.send(answerTo(question), port, address)
  })
  socket.bind(53, '127.0.0.1')
  await once(socket, 'listening')
  return server
}

/** RFC 1035 §4.1: the question again, and behind it one A record of 127.0.0.1, unless something else was asked for. */
function answerTo(question: Buffer): Buffer {
  const nameEnd = question.indexOf(0, 12)
  const asked = question.subarray(12, nameEnd + 5)
  const isAddress = question.readUInt16BE(nameEnd + 1) === 1
  const header = Buffer.from(question.subarray(0, 12))
  header.writeUInt16BE(0x8180, 2)
  header.writeUInt16BE(isAddress ? 1 : 0, 6)
  header.writeUInt16BE(0, 8)
  header.writeUInt16BE(0, 10)
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1])
  return Buffer.concat(isAddress ? [header, asked, record] : [header, asked])
}
