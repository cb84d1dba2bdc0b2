// Original file: proto/splice65/relay/v1/relay.proto

import type { Long } from '@grpc/proto-loader';

export interface Account {
  'name'?: (string);
  'entry'?: (string);
  'dailyBytes'?: (number | string | Long);
}

export interface Account__Output {
  'name': (string);
  'entry': (string);
  'dailyBytes': (number);
}
