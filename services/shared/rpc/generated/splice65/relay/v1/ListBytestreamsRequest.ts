// Original file: proto/splice65/relay/v1/relay.proto


export interface ListBytestreamsRequest {
}

export interface ListBytestreamsRequest__Output {
}
