// Original file: proto/splice65/control/v1/control.proto

import type { RelayStatus as _splice65_control_v1_RelayStatus, RelayStatus__Output as _splice65_control_v1_RelayStatus__Output } from '../../../splice65/control/v1/RelayStatus.ts';
import type { Long } from '@grpc/proto-loader';

export interface Relay {
  'name'?: (string);
  'rpcAddress'?: (string);
  'version'?: (string);
  'draining'?: (boolean);
  'publicAddress'?: (string);
  'load'?: (number);
  'missingMs'?: (number | string | Long);
  'status'?: (_splice65_control_v1_RelayStatus | null);
  'fault'?: (string);
}

export interface Relay__Output {
  'name': (string);
  'rpcAddress': (string);
  'version': (string);
  'draining': (boolean);
  'publicAddress': (string);
  'load': (number);
  'missingMs': (number);
  'status': (_splice65_control_v1_RelayStatus__Output | null);
  'fault': (string);
}
