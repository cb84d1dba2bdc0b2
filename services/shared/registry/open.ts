import { createMemoryRegistry } from './memory.ts'
import { connectRegistry, type RedisRegistryOptions, type RedisRegistryParts } from './redis.ts'
import type { Registry } from './registry.ts'

/**
 * Opens the registry that `url` names: `memory:` is one of this process alone, all else is a Redis (see
 * `parseRedisUrl`). Throws `malformed` for a URL that is neither. The caller closes it.
 */
export async function openRegistry(
  url: string,
  parts: RedisRegistryParts = {},
  options: RedisRegistryOptions = {},
): Promise<Registry> {
  if (url === 'memory:') return createMemoryRegistry(options.terms ? { terms: options.terms } : {})
  return connectRegistry(url, parts, options)
}
