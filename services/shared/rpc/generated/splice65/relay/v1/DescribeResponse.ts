// Original file: proto/splice65/relay/v1/relay.proto

import type { Long } from '@grpc/proto-loader';

export interface DescribeResponse {
  'version'?: (string);
  'engine'?: (string);
  'draining'?: (boolean);
  'waiting'?: (number);
  'bytestreams'?: (number);
  'legs'?: (number);
  'relayedBytes'?: (number | string | Long);
  'legBytes'?: (number | string | Long);
  'socketsOpen'?: (number);
  'socketsMax'?: (number);
  'uptimeMs'?: (number | string | Long);
}

export interface DescribeResponse__Output {
  'version': (string);
  'engine': (string);
  'draining': (boolean);
  'waiting': (number);
  'bytestreams': (number);
  'legs': (number);
  'relayedBytes': (number);
  'legBytes': (number);
  'socketsOpen': (number);
  'socketsMax': (number);
  'uptimeMs': (number);
}
