// Original file: proto/splice65/control/v1/control.proto


export interface DrainResponse {
  'waiting'?: (number);
  'bytestreams'?: (number);
}

export interface DrainResponse__Output {
  'waiting': (number);
  'bytestreams': (number);
}
