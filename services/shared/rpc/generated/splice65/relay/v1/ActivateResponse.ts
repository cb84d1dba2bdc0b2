// Original file: proto/splice65/relay/v1/relay.proto

import type { Path as _splice65_relay_v1_Path, Path__Output as _splice65_relay_v1_Path__Output } from '../../../splice65/relay/v1/Path.ts';

export interface ActivateResponse {
  'path'?: (_splice65_relay_v1_Path);
  'bytestream'?: (string);
}

export interface ActivateResponse__Output {
  'path': (_splice65_relay_v1_Path__Output);
  'bytestream': (string);
}
