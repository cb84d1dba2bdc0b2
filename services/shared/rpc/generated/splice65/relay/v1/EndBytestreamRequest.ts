// Original file: proto/splice65/relay/v1/relay.proto


export interface EndBytestreamRequest {
  'id'?: (string);
}

export interface EndBytestreamRequest__Output {
  'id': (string);
}
