// Original file: proto/splice65/relay/v1/relay.proto


export interface DrainRequest {
  'draining'?: (boolean);
}

export interface DrainRequest__Output {
  'draining': (boolean);
}
