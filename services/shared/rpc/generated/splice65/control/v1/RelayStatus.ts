// Original file: proto/splice65/control/v1/control.proto

import type { Long } from '@grpc/proto-loader';

export interface RelayStatus {
  'waiting'?: (number);
  'bytestreams'?: (number);
  'legs'?: (number);
  'relayedBytes'?: (number | string | Long);
  'legBytes'?: (number | string | Long);
  'socketsOpen'?: (number);
  'socketsMax'?: (number);
  'engine'?: (string);
  'uptimeMs'?: (number | string | Long);
}

export interface RelayStatus__Output {
  'waiting': (number);
  'bytestreams': (number);
  'legs': (number);
  'relayedBytes': (number);
  'legBytes': (number);
  'socketsOpen': (number);
  'socketsMax': (number);
  'engine': (string);
  'uptimeMs': (number);
}
