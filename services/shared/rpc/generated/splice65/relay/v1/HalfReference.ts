// Original file: proto/splice65/relay/v1/relay.proto


export interface HalfReference {
  'id'?: (string);
  'relay'?: (string);
  'rpcAddress'?: (string);
}

export interface HalfReference__Output {
  'id': (string);
  'relay': (string);
  'rpcAddress': (string);
}
