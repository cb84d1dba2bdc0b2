// Original file: proto/splice65/control/v1/control.proto


export interface Unanswered {
  'relay'?: (string);
  'fault'?: (string);
}

export interface Unanswered__Output {
  'relay': (string);
  'fault': (string);
}
