// Original file: proto/splice65/relay/v1/relay.proto


export interface DescribeRequest {
}

export interface DescribeRequest__Output {
}
