// Original file: proto/splice65/relay/v1/relay.proto

import type { Long } from '@grpc/proto-loader';

export interface FoundHalf {
  'id'?: (string);
  'waitedMs'?: (number | string | Long);
}

export interface FoundHalf__Output {
  'id': (string);
  'waitedMs': (number);
}
