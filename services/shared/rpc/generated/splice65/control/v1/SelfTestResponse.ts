// Original file: proto/splice65/control/v1/control.proto

import type { TestedStreamhost as _splice65_control_v1_TestedStreamhost, TestedStreamhost__Output as _splice65_control_v1_TestedStreamhost__Output } from '../../../splice65/control/v1/TestedStreamhost.ts';
import type { TestedRelay as _splice65_control_v1_TestedRelay, TestedRelay__Output as _splice65_control_v1_TestedRelay__Output } from '../../../splice65/control/v1/TestedRelay.ts';

export interface SelfTestResponse {
  'passed'?: (boolean);
  'component'?: (string);
  'streamhosts'?: (_splice65_control_v1_TestedStreamhost)[];
  'relays'?: (_splice65_control_v1_TestedRelay)[];
}

export interface SelfTestResponse__Output {
  'passed': (boolean);
  'component': (string);
  'streamhosts': (_splice65_control_v1_TestedStreamhost__Output)[];
  'relays': (_splice65_control_v1_TestedRelay__Output)[];
}
