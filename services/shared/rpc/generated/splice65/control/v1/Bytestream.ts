// Original file: proto/splice65/control/v1/control.proto

import type { Long } from '@grpc/proto-loader';

export interface Bytestream {
  'relay'?: (string);
  'id'?: (string);
  'digestPrefix'?: (string);
  'requester'?: (string);
  'target'?: (string);
  'ageMs'?: (number | string | Long);
  'bytesFromFirst'?: (number | string | Long);
  'bytesFromSecond'?: (number | string | Long);
  'peerRelay'?: (string);
}

export interface Bytestream__Output {
  'relay': (string);
  'id': (string);
  'digestPrefix': (string);
  'requester': (string);
  'target': (string);
  'ageMs': (number);
  'bytesFromFirst': (number);
  'bytesFromSecond': (number);
  'peerRelay': (string);
}
