// Original file: proto/splice65/relay/v1/relay.proto

import type { Room as _splice65_relay_v1_Room, Room__Output as _splice65_relay_v1_Room__Output } from '../../../splice65/relay/v1/Room.ts';
import type { HalfReference as _splice65_relay_v1_HalfReference, HalfReference__Output as _splice65_relay_v1_HalfReference__Output } from '../../../splice65/relay/v1/HalfReference.ts';

export interface ActivateRequest {
  'room'?: (_splice65_relay_v1_Room | null);
  'halves'?: (_splice65_relay_v1_HalfReference)[];
  'requester'?: (string);
  'target'?: (string);
  'selfTest'?: (boolean);
}

export interface ActivateRequest__Output {
  'room': (_splice65_relay_v1_Room__Output | null);
  'halves': (_splice65_relay_v1_HalfReference__Output)[];
  'requester': (string);
  'target': (string);
  'selfTest': (boolean);
}
