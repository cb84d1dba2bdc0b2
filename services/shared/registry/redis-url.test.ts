import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failure } from '../bytestream/failure.ts'
import { parseRedisUrl } from './redis-url.ts'

describe('parseRedisUrl()', () => {
  it('reads one server', () => {
    assert.deepEqual(parseRedisUrl('redis://cache.example.com:6380/3'), {
      topology: 'single',
      nodes: [{ host: 'cache.example.com', port: 6380 }],
      database: 3,
      tls: false,
    })
    assert.deepEqual(parseRedisUrl('redis://[::1]'), {
      topology: 'single',
      nodes: [{ host: '::1', port: 6379 }],
      database: 0,
      tls: false,
    })
  })

  it('reads credentials, percent-decoded', () => {
    const { username, password } = parseRedisUrl('redis://relay:p%40ss%2Fw:rd@cache:6379/')
    assert.deepEqual([username, password], ['relay', 'p@ss/w:rd'])
    const alone = parseRedisUrl('redis://:secret@cache')
    assert.deepEqual([alone.username, alone.password], [undefined, 'secret'])
  })

  it('reads TLS and its certificate authority', () => {
    const { tls, caFile } = parseRedisUrl('rediss://cache?ca=/etc/redis/ca.pem')
    assert.deepEqual([tls, caFile], [true, '/etc/redis/ca.pem'])
    assert.equal(parseRedisUrl('rediss+sentinel://a,b/mymaster').tls, true)
    assert.equal(parseRedisUrl('rediss+cluster://a,b').tls, true)
  })

  it('reads Sentinels and the master they watch', () => {
    const url = 'redis+sentinel://u:p@a:26380,b/my-master?db=2&sentinelUsername=s&sentinelPassword=t'
    assert.deepEqual(parseRedisUrl(url), {
      topology: 'sentinel',
      nodes: [
        { host: 'a', port: 26380 },
        { host: 'b', port: 26379 },
      ],
      masterName: 'my-master',
      database: 2,
      username: 'u',
      password: 'p',
      sentinelUsername: 's',
      sentinelPassword: 't',
      tls: false,
    })
  })

  it('reads a Cluster', () => {
    assert.deepEqual(parseRedisUrl('redis+cluster://a:7000,[fd00::1]:7001'), {
      topology: 'cluster',
      nodes: [
        { host: 'a', port: 7000 },
        { host: 'fd00::1', port: 7001 },
      ],
      database: 0,
      tls: false,
    })
  })

  it('refuses what it cannot read, and never quotes it', () => {
    const urls = [
      '',
      'cache:6379',
      'http://u:s3cret@cache',
      'redis://u:s3cret@',
      'redis://u:s3cret@cache:0',
      'redis://u:s3cret@cache:99999',
      'redis://u:s3cret@cache:6379/first',
      'redis://u:s3cret@a,:6379',
      'redis://u:s3/cret@cache',
      'redis://u:%s3cret@cache',
      'redis://s3cret@cache',
      'redis://u:s3cret@cache?s3cret=1',
      'redis://u:s3cret@cache?db=1',
      'redis+sentinel://u:s3cret@a,b',
      'redis+sentinel://u:s3cret@a,b/mymaster?db=one',
      'redis+cluster://u:s3cret@a,b/1',
    ]
    for (const url of urls) {
      assert.throws(
        () => parseRedisUrl(url),
        (error: unknown) => error instanceof Failure && error.code === 'malformed' && !error.message.includes('cret'),
        url,
      )
    }
  })

  it('refuses more than one host where there can be only one', () => {
    assert.throws(() => parseRedisUrl('redis://a,b'), { code: 'malformed' })
  })
})
