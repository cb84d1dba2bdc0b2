// Original file: proto/splice65/control/v1/control.proto

import type { Bytestream as _splice65_control_v1_Bytestream, Bytestream__Output as _splice65_control_v1_Bytestream__Output } from '../../../splice65/control/v1/Bytestream.ts';
import type { Unanswered as _splice65_control_v1_Unanswered, Unanswered__Output as _splice65_control_v1_Unanswered__Output } from '../../../splice65/control/v1/Unanswered.ts';

export interface ListBytestreamsResponse {
  'bytestreams'?: (_splice65_control_v1_Bytestream)[];
  'unanswered'?: (_splice65_control_v1_Unanswered)[];
}

export interface ListBytestreamsResponse__Output {
  'bytestreams': (_splice65_control_v1_Bytestream__Output)[];
  'unanswered': (_splice65_control_v1_Unanswered__Output)[];
}
