// Original file: proto/splice65/control/v1/control.proto


export interface DrainRequest {
  'relay'?: (string);
  'draining'?: (boolean);
}

export interface DrainRequest__Output {
  'relay': (string);
  'draining': (boolean);
}
