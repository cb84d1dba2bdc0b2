// Original file: proto/splice65/relay/v1/relay.proto

import type { Path as _splice65_relay_v1_Path, Path__Output as _splice65_relay_v1_Path__Output } from '../../../splice65/relay/v1/Path.ts';
import type { Long } from '@grpc/proto-loader';

export interface Bytestream {
  'id'?: (string);
  'digestPrefix'?: (string);
  'requester'?: (string);
  'target'?: (string);
  'path'?: (_splice65_relay_v1_Path);
  'ageMs'?: (number | string | Long);
  'bytesFromFirst'?: (number | string | Long);
  'bytesFromSecond'?: (number | string | Long);
  'peerRelay'?: (string);
}

export interface Bytestream__Output {
  'id': (string);
  'digestPrefix': (string);
  'requester': (string);
  'target': (string);
  'path': (_splice65_relay_v1_Path__Output);
  'ageMs': (number);
  'bytesFromFirst': (number);
  'bytesFromSecond': (number);
  'peerRelay': (string);
}
