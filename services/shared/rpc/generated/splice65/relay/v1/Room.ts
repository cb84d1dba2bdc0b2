// Original file: proto/splice65/relay/v1/relay.proto


export interface Room {
  'digest'?: (string);
  'streamhost'?: (string);
}

export interface Room__Output {
  'digest': (string);
  'streamhost': (string);
}
