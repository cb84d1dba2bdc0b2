// Original file: proto/splice65/relay/v1/relay.proto

import type { Room as _splice65_relay_v1_Room, Room__Output as _splice65_relay_v1_Room__Output } from '../../../splice65/relay/v1/Room.ts';
import type { HalfReference as _splice65_relay_v1_HalfReference, HalfReference__Output as _splice65_relay_v1_HalfReference__Output } from '../../../splice65/relay/v1/HalfReference.ts';
import type { Account as _splice65_relay_v1_Account, Account__Output as _splice65_relay_v1_Account__Output } from '../../../splice65/relay/v1/Account.ts';

export interface ActivateRequest {
  'room'?: (_splice65_relay_v1_Room | null);
  'halves'?: (_splice65_relay_v1_HalfReference)[];
  'requester'?: (string);
  'target'?: (string);
  'selfTest'?: (boolean);
  'accounts'?: (_splice65_relay_v1_Account)[];
}

export interface ActivateRequest__Output {
  'room': (_splice65_relay_v1_Room__Output | null);
  'halves': (_splice65_relay_v1_HalfReference__Output)[];
  'requester': (string);
  'target': (string);
  'selfTest': (boolean);
  'accounts': (_splice65_relay_v1_Account__Output)[];
}
