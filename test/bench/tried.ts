const manyStreams =
  'Profiled: 95 % of it is the kernel’s, 80 % within the splice to the receiver, and a splice moves 770 KiB; JavaScript is 5 %. What exceeds the floor goes with the threads: two workers and two ends of load share two cores, the floor is one thread. ' +
  'Tried: one worker instead of two (1.2–1.4 times the floor on a busy machine, against 1.6–1.8 in the same hour), a budget of 48 MiB (no change), a queue for pipes instead of copying (2.2 before, 1.8 after), and patience with that queue for as long as pipes come back. ' +
  'Leaving out the call that only finds the socket empty, one in three, would save nothing that shows.'

const crossPod =
  'A splice moves 810–870 KiB instead of 990. Our guess at the cause, not a profile: with both relays and the two ends of the load four busy threads share two cores, so every wake-up finds less to move. ' +
  'Tried: one worker in each relay (2.2 with 16 streams, no change with 1). Letting bytes gather by SO_RCVLOWAT was left out: it would hold back the last bytes of a stream without a FIN.'

const prosodyHalves =
  'Prosody keeps a half-connection in a table of its one process; ours is claimed in Redis before its client is answered, so that its other half may come to any relay. ' +
  'When it was profiled, over a third of its CPU was writing to sockets, Redis and the workers, an eighth garbage collection, the rest spread over Node’s accept and the Redis client. ' +
  'Tried, and kept: commands without a timer of the client’s own, no closures, promises and empty buffers that a handshake can do without (together 0.74 instead of 0.59 of Prosody’s rate per CPU on a busy machine); ' +
  'since then one write to Redis for all commands of a turn, and one wake-up of a worker for all halves of 2 ms (3 writes a half instead of 6, and 0.89 of the CPU before). ' +
  'Tried, and slower: pipelining of claims by the client library. ' +
  'Left as they are: 6 setsockopt a connection, for TCP_NODELAY, keepalive (4) and TCP_USER_TIMEOUT.'

const activation =
  'Control spends 0.3 ms on the registry and about 2 ms on the call to the relay and its answer; what exceeds the goal comes in single answers and goes with the collection of garbage in control and the relay (5 ms a time) and with other processes on the two cores. ' +
  'Tried: answering before the registry has its note of the end, a young generation of 4 MiB (collections of 1–2 ms), renewals a hundred at a time, and connecting to relays before they are asked (9 ms instead of 30–70 for the first activation on a relay).'

const memory =
  'An idle relay holds 123 MiB: 45 are Node, 15 each worker of the splice engine (an empty worker is 11), the rest libraries. A waiting half adds 4–5 KiB, of which 1.2 live in the main thread; the rest is garbage that the old generation keeps until its next collection. ' +
  'Tried, and kept: a compile cache (44 MiB less), a young generation of at most 4 MiB (120 less), renewals a hundred at a time (25 less), commands without a timer of the Redis client’s own (17 MB of garbage less in each round of renewals). ' +
  'Tried, without effect: limits of the workers’ own, one arena of malloc, fewer threads of V8, a young generation of 1, 2, 8 or 16 MiB, `--optimize-for-size`.'

const neighbour =
  'Three busy threads share two cores beside the light streams: both ends of the heavy one and the worker that carries it; a byte waits for that worker’s turn and for a core. ' +
  'Tried: turns of 1 MiB instead of 4 (6 ms instead of 16), which cost 1.07–1.14 times the CPU with many streams; those of 512 and 256 KiB were no better, and cost up to a quarter more. ' +
  'The remedy is a rate for each bytestream or requester.'

const oneStream =
  'Both make the same calls with pipes of the same size, and which of them costs less changes from round to round ' +
  '(0.88–1.17; 0.87 in the run of the day before). Nothing was tried.'

/** What was tried where a goal is missed, by the name of the ratio: a sentence or two for RESULTS.md. */
export const tried: Readonly<Record<string, string>> = {
  'CPU, 1 stream: splice65 / HAProxy splice 1 MiB': oneStream,
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
  'round trip of 1 byte, p99 of 50 light streams, beside a heavy one / idle: splice65': neighbour,
  'round trip of 1 byte, p99 of 50 light streams, beside a heavy one / beside a direct one: splice65': neighbour,
  'growth of resident memory beside 4000 slow streams: flat':
    'Tried: renewing their tombstones a hundred at a time, and a bound for the young generation (1.13 before, 1.00 since in short runs).',
}
