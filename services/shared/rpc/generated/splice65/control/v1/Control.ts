// Original file: proto/splice65/control/v1/control.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { DrainRequest as _splice65_control_v1_DrainRequest, DrainRequest__Output as _splice65_control_v1_DrainRequest__Output } from '../../../splice65/control/v1/DrainRequest.ts';
import type { DrainResponse as _splice65_control_v1_DrainResponse, DrainResponse__Output as _splice65_control_v1_DrainResponse__Output } from '../../../splice65/control/v1/DrainResponse.ts';
import type { EndBytestreamRequest as _splice65_control_v1_EndBytestreamRequest, EndBytestreamRequest__Output as _splice65_control_v1_EndBytestreamRequest__Output } from '../../../splice65/control/v1/EndBytestreamRequest.ts';
import type { EndBytestreamResponse as _splice65_control_v1_EndBytestreamResponse, EndBytestreamResponse__Output as _splice65_control_v1_EndBytestreamResponse__Output } from '../../../splice65/control/v1/EndBytestreamResponse.ts';
import type { ListBytestreamsRequest as _splice65_control_v1_ListBytestreamsRequest, ListBytestreamsRequest__Output as _splice65_control_v1_ListBytestreamsRequest__Output } from '../../../splice65/control/v1/ListBytestreamsRequest.ts';
import type { ListBytestreamsResponse as _splice65_control_v1_ListBytestreamsResponse, ListBytestreamsResponse__Output as _splice65_control_v1_ListBytestreamsResponse__Output } from '../../../splice65/control/v1/ListBytestreamsResponse.ts';
import type { ListRelaysRequest as _splice65_control_v1_ListRelaysRequest, ListRelaysRequest__Output as _splice65_control_v1_ListRelaysRequest__Output } from '../../../splice65/control/v1/ListRelaysRequest.ts';
import type { ListRelaysResponse as _splice65_control_v1_ListRelaysResponse, ListRelaysResponse__Output as _splice65_control_v1_ListRelaysResponse__Output } from '../../../splice65/control/v1/ListRelaysResponse.ts';
import type { SelfTestRequest as _splice65_control_v1_SelfTestRequest, SelfTestRequest__Output as _splice65_control_v1_SelfTestRequest__Output } from '../../../splice65/control/v1/SelfTestRequest.ts';
import type { SelfTestResponse as _splice65_control_v1_SelfTestResponse, SelfTestResponse__Output as _splice65_control_v1_SelfTestResponse__Output } from '../../../splice65/control/v1/SelfTestResponse.ts';

export interface ControlClient extends grpc.Client {
  Drain(argument: _splice65_control_v1_DrainRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_DrainResponse__Output>): grpc.ClientUnaryCall;
  Drain(argument: _splice65_control_v1_DrainRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_control_v1_DrainResponse__Output>): grpc.ClientUnaryCall;
  Drain(argument: _splice65_control_v1_DrainRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_DrainResponse__Output>): grpc.ClientUnaryCall;
  Drain(argument: _splice65_control_v1_DrainRequest, callback: grpc.requestCallback<_splice65_control_v1_DrainResponse__Output>): grpc.ClientUnaryCall;
  drain(argument: _splice65_control_v1_DrainRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_DrainResponse__Output>): grpc.ClientUnaryCall;
  drain(argument: _splice65_control_v1_DrainRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_control_v1_DrainResponse__Output>): grpc.ClientUnaryCall;
  drain(argument: _splice65_control_v1_DrainRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_DrainResponse__Output>): grpc.ClientUnaryCall;
  drain(argument: _splice65_control_v1_DrainRequest, callback: grpc.requestCallback<_splice65_control_v1_DrainResponse__Output>): grpc.ClientUnaryCall;
  
  EndBytestream(argument: _splice65_control_v1_EndBytestreamRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_EndBytestreamResponse__Output>): grpc.ClientUnaryCall;
  EndBytestream(argument: _splice65_control_v1_EndBytestreamRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_control_v1_EndBytestreamResponse__Output>): grpc.ClientUnaryCall;
  EndBytestream(argument: _splice65_control_v1_EndBytestreamRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_EndBytestreamResponse__Output>): grpc.ClientUnaryCall;
  EndBytestream(argument: _splice65_control_v1_EndBytestreamRequest, callback: grpc.requestCallback<_splice65_control_v1_EndBytestreamResponse__Output>): grpc.ClientUnaryCall;
  endBytestream(argument: _splice65_control_v1_EndBytestreamRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_EndBytestreamResponse__Output>): grpc.ClientUnaryCall;
  endBytestream(argument: _splice65_control_v1_EndBytestreamRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_control_v1_EndBytestreamResponse__Output>): grpc.ClientUnaryCall;
  endBytestream(argument: _splice65_control_v1_EndBytestreamRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_EndBytestreamResponse__Output>): grpc.ClientUnaryCall;
  endBytestream(argument: _splice65_control_v1_EndBytestreamRequest, callback: grpc.requestCallback<_splice65_control_v1_EndBytestreamResponse__Output>): grpc.ClientUnaryCall;
  
  ListBytestreams(argument: _splice65_control_v1_ListBytestreamsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_ListBytestreamsResponse__Output>): grpc.ClientUnaryCall;
  ListBytestreams(argument: _splice65_control_v1_ListBytestreamsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_control_v1_ListBytestreamsResponse__Output>): grpc.ClientUnaryCall;
  ListBytestreams(argument: _splice65_control_v1_ListBytestreamsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_ListBytestreamsResponse__Output>): grpc.ClientUnaryCall;
  ListBytestreams(argument: _splice65_control_v1_ListBytestreamsRequest, callback: grpc.requestCallback<_splice65_control_v1_ListBytestreamsResponse__Output>): grpc.ClientUnaryCall;
  listBytestreams(argument: _splice65_control_v1_ListBytestreamsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_ListBytestreamsResponse__Output>): grpc.ClientUnaryCall;
  listBytestreams(argument: _splice65_control_v1_ListBytestreamsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_control_v1_ListBytestreamsResponse__Output>): grpc.ClientUnaryCall;
  listBytestreams(argument: _splice65_control_v1_ListBytestreamsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_ListBytestreamsResponse__Output>): grpc.ClientUnaryCall;
  listBytestreams(argument: _splice65_control_v1_ListBytestreamsRequest, callback: grpc.requestCallback<_splice65_control_v1_ListBytestreamsResponse__Output>): grpc.ClientUnaryCall;
  
  ListRelays(argument: _splice65_control_v1_ListRelaysRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_ListRelaysResponse__Output>): grpc.ClientUnaryCall;
  ListRelays(argument: _splice65_control_v1_ListRelaysRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_control_v1_ListRelaysResponse__Output>): grpc.ClientUnaryCall;
  ListRelays(argument: _splice65_control_v1_ListRelaysRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_ListRelaysResponse__Output>): grpc.ClientUnaryCall;
  ListRelays(argument: _splice65_control_v1_ListRelaysRequest, callback: grpc.requestCallback<_splice65_control_v1_ListRelaysResponse__Output>): grpc.ClientUnaryCall;
  listRelays(argument: _splice65_control_v1_ListRelaysRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_ListRelaysResponse__Output>): grpc.ClientUnaryCall;
  listRelays(argument: _splice65_control_v1_ListRelaysRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_control_v1_ListRelaysResponse__Output>): grpc.ClientUnaryCall;
  listRelays(argument: _splice65_control_v1_ListRelaysRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_ListRelaysResponse__Output>): grpc.ClientUnaryCall;
  listRelays(argument: _splice65_control_v1_ListRelaysRequest, callback: grpc.requestCallback<_splice65_control_v1_ListRelaysResponse__Output>): grpc.ClientUnaryCall;
  
  SelfTest(argument: _splice65_control_v1_SelfTestRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_SelfTestResponse__Output>): grpc.ClientUnaryCall;
  SelfTest(argument: _splice65_control_v1_SelfTestRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_control_v1_SelfTestResponse__Output>): grpc.ClientUnaryCall;
  SelfTest(argument: _splice65_control_v1_SelfTestRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_SelfTestResponse__Output>): grpc.ClientUnaryCall;
  SelfTest(argument: _splice65_control_v1_SelfTestRequest, callback: grpc.requestCallback<_splice65_control_v1_SelfTestResponse__Output>): grpc.ClientUnaryCall;
  selfTest(argument: _splice65_control_v1_SelfTestRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_SelfTestResponse__Output>): grpc.ClientUnaryCall;
  selfTest(argument: _splice65_control_v1_SelfTestRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_control_v1_SelfTestResponse__Output>): grpc.ClientUnaryCall;
  selfTest(argument: _splice65_control_v1_SelfTestRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_control_v1_SelfTestResponse__Output>): grpc.ClientUnaryCall;
  selfTest(argument: _splice65_control_v1_SelfTestRequest, callback: grpc.requestCallback<_splice65_control_v1_SelfTestResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface ControlHandlers extends grpc.UntypedServiceImplementation {
  Drain: grpc.handleUnaryCall<_splice65_control_v1_DrainRequest__Output, _splice65_control_v1_DrainResponse>;
  
  EndBytestream: grpc.handleUnaryCall<_splice65_control_v1_EndBytestreamRequest__Output, _splice65_control_v1_EndBytestreamResponse>;
  
  ListBytestreams: grpc.handleUnaryCall<_splice65_control_v1_ListBytestreamsRequest__Output, _splice65_control_v1_ListBytestreamsResponse>;
  
  ListRelays: grpc.handleUnaryCall<_splice65_control_v1_ListRelaysRequest__Output, _splice65_control_v1_ListRelaysResponse>;
  
  SelfTest: grpc.handleUnaryCall<_splice65_control_v1_SelfTestRequest__Output, _splice65_control_v1_SelfTestResponse>;
  
}

export interface ControlDefinition extends grpc.ServiceDefinition {
  Drain: MethodDefinition<_splice65_control_v1_DrainRequest, _splice65_control_v1_DrainResponse, _splice65_control_v1_DrainRequest__Output, _splice65_control_v1_DrainResponse__Output>
  EndBytestream: MethodDefinition<_splice65_control_v1_EndBytestreamRequest, _splice65_control_v1_EndBytestreamResponse, _splice65_control_v1_EndBytestreamRequest__Output, _splice65_control_v1_EndBytestreamResponse__Output>
  ListBytestreams: MethodDefinition<_splice65_control_v1_ListBytestreamsRequest, _splice65_control_v1_ListBytestreamsResponse, _splice65_control_v1_ListBytestreamsRequest__Output, _splice65_control_v1_ListBytestreamsResponse__Output>
  ListRelays: MethodDefinition<_splice65_control_v1_ListRelaysRequest, _splice65_control_v1_ListRelaysResponse, _splice65_control_v1_ListRelaysRequest__Output, _splice65_control_v1_ListRelaysResponse__Output>
  SelfTest: MethodDefinition<_splice65_control_v1_SelfTestRequest, _splice65_control_v1_SelfTestResponse, _splice65_control_v1_SelfTestRequest__Output, _splice65_control_v1_SelfTestResponse__Output>
}
