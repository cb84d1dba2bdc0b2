// Original file: proto/splice65/control/v1/control.proto


export interface TestedRelay {
  'name'?: (string);
  'passed'?: (boolean);
  'reason'?: (string);
}

export interface TestedRelay__Output {
  'name': (string);
  'passed': (boolean);
  'reason': (string);
}
