// Original file: proto/splice65/control/v1/control.proto


export interface EndBytestreamResponse {
}

export interface EndBytestreamResponse__Output {
}
