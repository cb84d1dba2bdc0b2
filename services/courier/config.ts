import { hostname } from 'node:os'
import { z } from 'zod'
import { bareJids, componentOptions, domain, encryptedOrNear } from '../shared/component/options.ts'
import { logLevels } from '../shared/runtime/log.ts'
import { integer, list, type Options, port, secret } from '../shared/runtime/options.ts'

const day = 86_400_000

/** What an operator can set on the courier. The environment names begin with `COURIER_`. */
export const courierOptions = z
  .object({
    pod: z.string().default(hostname()).describe('Name of this replica in logs.'),
    logLevel: z.enum(logLevels).default('info').describe('Least severity that is logged.'),
    healthHost: z.string().default('0.0.0.0').describe('Address that /metrics, /livez and /readyz listen on.'),
    healthPort: port().default(9092).describe('Port of /metrics, /livez and /readyz.'),

    componentDomain: domain.describe('JID of the component: the name of the courier on the XMPP server.'),
    ...componentOptions,
    iqsPerSecond: integer(1)
      .default(50)
      .describe(
        'Requests of one bare JID that are answered in a second, on average; what it asks beyond that is dropped. Blocks of in-band streams do not count.',
      ),
    iqBurst: integer(1).default(200).describe('Requests of one bare JID that are answered at once, after a rest.'),
    discoName: z.string().default('Courier').describe('What clients show for the courier.'),

    allow: list()
      .default([])
      .describe('Who may send: JIDs, domains, *.domains or *; empty: the parent domain and its subdomains.'),
    deny: list().default([]).describe('Who may not, whatever allow says.'),
    recipients: list()
      .default([])
      .describe('For whom files are kept: JIDs, domains, *.domains or *; empty: the parent domain and its subdomains.'),
    admins: bareJids.default([]).describe('Who may look after all parcels by ad-hoc commands (XEP-0050): bare JIDs.'),

    presencePerSecond: integer(1)
      .default(50)
      .describe('Presence stanzas sent in a second after connecting: ours to those who follow us, and probes.'),

    proxies: list()
      .default([])
      .describe('JIDs of the XEP-0065 proxies through which files come and go; empty: in-band only.'),
    delivery: z
      .enum(['auto', 'stream', 'link'])
      .default('auto')
      .describe(
        'How files are handed over: link sends one message with the link; stream offers them to clients that can; auto offers, and sends the link where that does not do.',
      ),
    deliveryAttempts: integer(1)
      .default(5)
      .describe('With delivery auto: offers of one file that may come to nothing before its link is sent.'),
    deliveryAnswerMs: integer(1_000).default(300_000).describe('How long a recipient may think about an offer.'),
    deliveriesAtOnce: integer(1)
      .default(32)
      .describe('Recipients to whom files are handed over at the same time; those who think about an offer count.'),
    arrivalDelayMs: integer(0)
      .default(3_000)
      .describe('How long after a recipient has come he is offered files: clients need a moment.'),
    deliveryRetryMs: integer(1)
      .default(60_000)
      .describe(
        'After how long a delivery that failed is tried again; doubles each time until the recipient comes anew.',
      ),
    deliveryRetryMaxMs: integer(1).default(21_600_000).describe('The most it grows to.'),
    deliverySweepMs: integer(1)
      .default(600_000)
      .describe('How often all recipients for whom something waits are looked after, whatever has happened.'),
    noticesMs: integer(1)
      .default(5_000)
      .describe('How often it is looked for what senders are to be told; what happens here is told at once.'),

    dataFolder: z
      .string()
      .default('/var/lib/splice65')
      .describe('A folder on a durable volume: blobs on disk, the embedded database, and what is being received.'),
    keepFreeBytes: integer(0)
      .default(1 << 26)
      .describe(
        'Room on that volume that files leave free, for the embedded database; when no more is left, none is taken.',
      ),
    databaseUrl: secret(
      z
        .string()
        .regex(/^(?:pglite:|postgres(?:ql)?:\/\/.+)/, 'must be pglite: or postgresql://…')
        .default('pglite:')
        .describe('Where records are kept: pglite: inside this process, for one replica, or postgresql://…'),
    ),
    blobsUrl: z
      .string()
      .regex(/^(?:disk:|s3:\/\/.+)/, 'must be disk: or s3://BUCKET/PREFIX')
      .default('disk:')
      .describe('Where bytes are kept: disk: in dataFolder, or s3://BUCKET/PREFIX?endpoint=URL&region=NAME.'),
    s3AccessKeyId: secret(
      z.string().optional().describe('Access key of the object store; left out: as the AWS SDK finds it.'),
    ),
    s3SecretAccessKey: secret(z.string().optional().describe('Its secret.')),

    maxFileBytes: integer(1)
      .default(1 << 30)
      .describe('The largest file that is taken.'),
    bytesPerSender: integer(0)
      .default(10 * 2 ** 30)
      .describe('Bytes that may be kept for one sender; 0: no limit.'),
    parcelsPerSender: integer(0).default(1_000).describe('Files that may be kept for one sender; 0: no limit.'),
    dailyBytesPerSender: integer(0).default(0).describe('Bytes one sender may send in 24 hours; 0: no limit.'),
    bytesPerRecipient: integer(0)
      .default(10 * 2 ** 30)
      .describe('Bytes that may wait for one recipient; 0: no limit.'),
    parcelsPerRecipient: integer(0).default(1_000).describe('Files that may wait for one recipient; 0: no limit.'),
    totalBytes: integer(0).default(0).describe('Bytes that may be kept in all; 0: no limit.'),
    transfersPerSender: integer(1).default(10).describe('Files of one sender that may come by stream at once.'),
    keepMs: integer(1_000)
      .default(14 * day)
      .describe('How long a file is kept for a recipient who does not come.'),
    abandonAfterMs: integer(1_000).default(day).describe('How long a broken transfer can be resumed.'),
    disposeAfterMs: integer(0)
      .default(3_600_000)
      .describe('How long bytes stay after their parcel has ended, for downloads that run.'),
    forgetAfterMs: integer(0)
      .default(30 * day)
      .describe('How long it is remembered that a parcel was there, for links that have expired.'),

    scanCommand: z
      .string()
      .optional()
      .describe(
        'A shell command that judges every file before it is stored: it reads the file and ends with 0 for clean, 1 for infected, as clamdscan does with -.',
      ),
    scanUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('A URL that judges instead: it is sent each file by POST and answers 2xx for clean, 406 for infected.'),
    scanTimeoutMs: integer(1).default(60_000).describe('How long a verdict may take.'),
    scanFailure: z
      .enum(['refuse', 'accept'])
      .default('refuse')
      .describe('What becomes of a file when there is no verdict: refuse lets its sender try again later.'),

    retentionIntervalMs: integer(1).default(60_000).describe('How often files whose time is over are cleared away.'),
    reconcileIntervalMs: integer(1)
      .default(day)
      .describe('How often all bytes that are kept are held against the records.'),

    httpHost: z.string().default('0.0.0.0').describe('Address that uploads and downloads come to.'),
    httpPort: port().default(8080).describe('Port of httpHost.'),
    publicUrl: z
      .url({ protocol: /^https?$/ })
      .describe('The URL under which clients reach httpPort, such as https://files.example.com.'),
    httpInsecure: z
      .stringbool()
      .default(false)
      .describe(
        'Let publicUrl be http:// on an address that is not loopback: for tests, since links are all it takes.',
      ),
    httpConnections: integer(1).default(2_000).describe('HTTP connections at a time; what comes beyond is closed.'),
    httpUploads: integer(1).default(256).describe('Uploads at a time, on one replica.'),
    httpDownloads: integer(1).default(256).describe('Downloads at a time, on one replica: each holds about 1 MiB.'),
    httpTransfersPerAddress: integer(0)
      .default(32)
      .describe(
        'Uploads, and as many downloads, of one client address at a time, where the address is known; 0: no limit.',
      ),
    httpTrustedProxies: list()
      .default([])
      .describe('Addresses and CIDRs of the proxies whose X-Forwarded-For says where a client comes from.'),
    httpStallMs: integer(1_000)
      .default(60_000)
      .describe('A client that sends or reads less than 16 KiB in this time is cut off.'),
    uploadSecret: secret(
      z
        .string()
        .refine(
          (text) => text.split('\n').every((line) => line.trim() === '' || line.trim().length >= 32),
          'must have 32 characters at least in every line',
        )
        .min(32)
        .describe(
          'Signs upload slots (32 characters at least). A file may have several, a line each: the first signs, all are accepted.',
        ),
    ),
    slotMs: integer(1_000)
      .default(300_000)
      .describe('Within what time the upload of a slot must begin; one that broke can go on for abandonAfterMs.'),
    linkDownloads: integer(0).default(0).describe('Complete downloads after which a link ends; 0: only with its time.'),
    drainDelayMs: integer(0)
      .default(5_000)
      .describe('After SIGTERM new requests are answered for this long, until load balancers know.'),
    drainTimeoutMs: integer(1)
      .default(50_000)
      .describe('How long after SIGTERM uploads and downloads may take to end; what is left then is cut off.'),
  })
  .refine(...encryptedOrNear('courier'))
  .refine(({ publicUrl, httpInsecure }) => httpInsecure || isPrivateWay(publicUrl), {
    path: ['publicUrl'],
    message: 'must be https://: whoever sees a link can fetch the file',
  })

/** Whether nobody can listen on the way to this URL. */
function isPrivateWay(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
}

/** The courier's options, read and frozen. */
export type CourierConfig = Options<typeof courierOptions>
