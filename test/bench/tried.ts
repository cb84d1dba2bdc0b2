const manyStreams =
  'With 200 streams each event brings little, so what a call costs weighs more than what a byte costs; that calls from JavaScript cost more than calls from C is our guess at the rest, not a profile. ' +
  'Tried: one worker instead of two (1.6 instead of 1.8 times the floor, at three quarters of the throughput), a budget of 48 MiB (no change), and a queue for pipes instead of copying (2.2 before, 1.8 since). ' +
  'What is left is one call in three that only finds the socket empty; leaving it out would need a later look at every stream.'

const crossPod =
  'A splice moves 810–870 KiB instead of 990. Our guess at the cause, not a profile: with both relays and the two ends of the load four busy threads share two cores, so every wake-up finds less to move. ' +
  'Tried: one worker in each relay (2.2 with 16 streams, no change with 1). Letting bytes gather by SO_RCVLOWAT was left out: it would hold back the last bytes of a stream without a FIN.'

const prosodyHalves =
  'Prosody keeps a half-connection in a table of its one process; ours is claimed in Redis before its client is answered, so that its other half may come to any relay. ' +
  'Of 110–180 µs about a third is writing to sockets and Redis and a fifth is garbage collection; accept and handshake in Node alone are about 120 µs. Tried: pipelining of claims by the client library (slower).'

const activation =
  'Control spends 0.3 ms on the registry and about 2 ms on the call to the relay and its answer; what exceeds the goal comes in single answers and goes with the collection of garbage in control and the relay (5 ms a time) and with other processes on the two cores. ' +
  'Tried: answering before the registry has its note of the end.'

const memory =
  'An idle relay holds 175 MiB where it strips its types at the start and 130 MiB with a compile cache: about 42 are Node, 25 each worker of the splice engine, the rest libraries. ' +
  'Tried: a compile cache (44 MiB less), a smaller young generation (12 MiB less). A waiting half adds 12–18 KiB, most of it garbage of its handshake that is collected late.'

/** What was tried where a goal is missed, by the name of the ratio: a sentence or two for RESULTS.md. */
export const tried: Readonly<Record<string, string>> = {
  'CPU, 200 streams: splice65 / C floor': manyStreams,
  'CPU, 200 streams: splice65 / HAProxy splice 1 MiB': manyStreams,
  'CPU, 1 stream: splice65 cross-pod / splice65': crossPod,
  'CPU, 16 streams: splice65 cross-pod / splice65': crossPod,
  'new half-connections per second of CPU: splice65 / Prosody': prosodyHalves,
  'new half-connections per second: splice65 / Prosody': prosodyHalves,
  'activation IQ, 200 a second, p99, same pod': activation,
  'activation IQ, 200 a second, p99, cross-pod': activation,
  'resident memory, 10000 waiting halves': memory,
  'growth of resident memory, 10000 waiting halves: flat': memory,
}
