// Original file: proto/splice65/relay/v1/relay.proto


export interface EndBytestreamResponse {
}

export interface EndBytestreamResponse__Output {
}
