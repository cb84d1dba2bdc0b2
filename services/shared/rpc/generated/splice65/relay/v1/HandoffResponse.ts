// Original file: proto/splice65/relay/v1/relay.proto


export interface HandoffResponse {
  'ticket'?: (Buffer | Uint8Array | string);
  'trunkAddress'?: (string);
  'confirmed'?: (boolean);
}

export interface HandoffResponse__Output {
  'ticket': (Buffer);
  'trunkAddress': (string);
  'confirmed': (boolean);
}
