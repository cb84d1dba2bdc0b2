// Original file: proto/splice65/control/v1/control.proto


export interface ListBytestreamsRequest {
  'relay'?: (string);
}

export interface ListBytestreamsRequest__Output {
  'relay': (string);
}
