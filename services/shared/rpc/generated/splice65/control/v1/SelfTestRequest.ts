// Original file: proto/splice65/control/v1/control.proto


export interface SelfTestRequest {
}

export interface SelfTestRequest__Output {
}
