// Original file: proto/splice65/control/v1/control.proto


export interface EndBytestreamRequest {
  'relay'?: (string);
  'id'?: (string);
}

export interface EndBytestreamRequest__Output {
  'relay': (string);
  'id': (string);
}
