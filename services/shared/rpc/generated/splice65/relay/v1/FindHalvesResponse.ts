// Original file: proto/splice65/relay/v1/relay.proto

import type { FoundHalf as _splice65_relay_v1_FoundHalf, FoundHalf__Output as _splice65_relay_v1_FoundHalf__Output } from '../../../splice65/relay/v1/FoundHalf.ts';

export interface FindHalvesResponse {
  'halves'?: (_splice65_relay_v1_FoundHalf)[];
  'activated'?: (boolean);
}

export interface FindHalvesResponse__Output {
  'halves': (_splice65_relay_v1_FoundHalf__Output)[];
  'activated': (boolean);
}
