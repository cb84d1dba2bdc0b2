// Original file: proto/splice65/control/v1/control.proto


export interface ListRelaysRequest {
}

export interface ListRelaysRequest__Output {
}
