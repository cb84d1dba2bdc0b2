// Original file: proto/splice65/control/v1/control.proto

import type { Relay as _splice65_control_v1_Relay, Relay__Output as _splice65_control_v1_Relay__Output } from '../../../splice65/control/v1/Relay.ts';

export interface ListRelaysResponse {
  'relays'?: (_splice65_control_v1_Relay)[];
}

export interface ListRelaysResponse__Output {
  'relays': (_splice65_control_v1_Relay__Output)[];
}
