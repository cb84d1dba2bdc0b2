// Original file: proto/splice65/relay/v1/relay.proto

import type { Room as _splice65_relay_v1_Room, Room__Output as _splice65_relay_v1_Room__Output } from '../../../splice65/relay/v1/Room.ts';

export interface HandoffRequest {
  'room'?: (_splice65_relay_v1_Room | null);
  'half'?: (string);
  'owner'?: (string);
  'confirmed'?: (boolean);
}

export interface HandoffRequest__Output {
  'room': (_splice65_relay_v1_Room__Output | null);
  'half': (string);
  'owner': (string);
  'confirmed': (boolean);
}
