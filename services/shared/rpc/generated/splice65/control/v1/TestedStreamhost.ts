// Original file: proto/splice65/control/v1/control.proto


export interface TestedStreamhost {
  'name'?: (string);
  'host'?: (string);
  'port'?: (number);
  'passed'?: (boolean);
  'reason'?: (string);
  'seconds'?: (number | string);
  'relays'?: (string)[];
}

export interface TestedStreamhost__Output {
  'name': (string);
  'host': (string);
  'port': (number);
  'passed': (boolean);
  'reason': (string);
  'seconds': (number);
  'relays': (string)[];
}
