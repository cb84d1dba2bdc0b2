import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseS3Url } from './s3-url.ts'

describe('parseS3Url()', () => {
  it('reads bucket, prefix, endpoint and region', () => {
    assert.deepEqual(parseS3Url('s3://files'), { bucket: 'files', prefix: '' })
    assert.deepEqual(parseS3Url('s3://files/a/b/?region=eu-central-1&endpoint=https://s3.example.com:9000'), {
      bucket: 'files',
      prefix: 'a/b/',
      region: 'eu-central-1',
      endpoint: 'https://s3.example.com:9000',
    })
  })

  it('refuses what is something else', () => {
    for (const url of ['disk:', 's3:', 's3:///x', 'https://files', 's3://files?regoin=x']) {
      assert.throws(() => parseS3Url(url), { code: 'malformed' }, url)
    }
  })
})
