// Original file: proto/splice65/relay/v1/relay.proto

import type { Bytestream as _splice65_relay_v1_Bytestream, Bytestream__Output as _splice65_relay_v1_Bytestream__Output } from '../../../splice65/relay/v1/Bytestream.ts';

export interface ListBytestreamsResponse {
  'bytestreams'?: (_splice65_relay_v1_Bytestream)[];
}

export interface ListBytestreamsResponse__Output {
  'bytestreams': (_splice65_relay_v1_Bytestream__Output)[];
}
