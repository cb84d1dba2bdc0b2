// Original file: proto/splice65/relay/v1/relay.proto

export const Path = {
  PATH_UNSPECIFIED: 'PATH_UNSPECIFIED',
  PATH_LOCAL: 'PATH_LOCAL',
  PATH_HANDOFF: 'PATH_HANDOFF',
} as const;

export type Path =
  | 'PATH_UNSPECIFIED'
  | 0
  | 'PATH_LOCAL'
  | 1
  | 'PATH_HANDOFF'
  | 2

export type Path__Output = typeof Path[keyof typeof Path]
