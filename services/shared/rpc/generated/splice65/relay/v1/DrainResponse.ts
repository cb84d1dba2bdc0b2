// Original file: proto/splice65/relay/v1/relay.proto


export interface DrainResponse {
  'waiting'?: (number);
  'bytestreams'?: (number);
}

export interface DrainResponse__Output {
  'waiting': (number);
  'bytestreams': (number);
}
