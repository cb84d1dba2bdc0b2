// Original file: proto/splice65/relay/v1/relay.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ActivateRequest as _splice65_relay_v1_ActivateRequest, ActivateRequest__Output as _splice65_relay_v1_ActivateRequest__Output } from '../../../splice65/relay/v1/ActivateRequest.ts';
import type { ActivateResponse as _splice65_relay_v1_ActivateResponse, ActivateResponse__Output as _splice65_relay_v1_ActivateResponse__Output } from '../../../splice65/relay/v1/ActivateResponse.ts';
import type { DescribeRequest as _splice65_relay_v1_DescribeRequest, DescribeRequest__Output as _splice65_relay_v1_DescribeRequest__Output } from '../../../splice65/relay/v1/DescribeRequest.ts';
import type { DescribeResponse as _splice65_relay_v1_DescribeResponse, DescribeResponse__Output as _splice65_relay_v1_DescribeResponse__Output } from '../../../splice65/relay/v1/DescribeResponse.ts';
import type { DrainRequest as _splice65_relay_v1_DrainRequest, DrainRequest__Output as _splice65_relay_v1_DrainRequest__Output } from '../../../splice65/relay/v1/DrainRequest.ts';
import type { DrainResponse as _splice65_relay_v1_DrainResponse, DrainResponse__Output as _splice65_relay_v1_DrainResponse__Output } from '../../../splice65/relay/v1/DrainResponse.ts';
import type { EndBytestreamRequest as _splice65_relay_v1_EndBytestreamRequest, EndBytestreamRequest__Output as _splice65_relay_v1_EndBytestreamRequest__Output } from '../../../splice65/relay/v1/EndBytestreamRequest.ts';
import type { EndBytestreamResponse as _splice65_relay_v1_EndBytestreamResponse, EndBytestreamResponse__Output as _splice65_relay_v1_EndBytestreamResponse__Output } from '../../../splice65/relay/v1/EndBytestreamResponse.ts';
import type { FindHalvesRequest as _splice65_relay_v1_FindHalvesRequest, FindHalvesRequest__Output as _splice65_relay_v1_FindHalvesRequest__Output } from '../../../splice65/relay/v1/FindHalvesRequest.ts';
import type { FindHalvesResponse as _splice65_relay_v1_FindHalvesResponse, FindHalvesResponse__Output as _splice65_relay_v1_FindHalvesResponse__Output } from '../../../splice65/relay/v1/FindHalvesResponse.ts';
import type { HandoffRequest as _splice65_relay_v1_HandoffRequest, HandoffRequest__Output as _splice65_relay_v1_HandoffRequest__Output } from '../../../splice65/relay/v1/HandoffRequest.ts';
import type { HandoffResponse as _splice65_relay_v1_HandoffResponse, HandoffResponse__Output as _splice65_relay_v1_HandoffResponse__Output } from '../../../splice65/relay/v1/HandoffResponse.ts';
import type { ListBytestreamsRequest as _splice65_relay_v1_ListBytestreamsRequest, ListBytestreamsRequest__Output as _splice65_relay_v1_ListBytestreamsRequest__Output } from '../../../splice65/relay/v1/ListBytestreamsRequest.ts';
import type { ListBytestreamsResponse as _splice65_relay_v1_ListBytestreamsResponse, ListBytestreamsResponse__Output as _splice65_relay_v1_ListBytestreamsResponse__Output } from '../../../splice65/relay/v1/ListBytestreamsResponse.ts';

export interface RelayClient extends grpc.Client {
  Activate(argument: _splice65_relay_v1_ActivateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_ActivateResponse__Output>): grpc.ClientUnaryCall;
  Activate(argument: _splice65_relay_v1_ActivateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_relay_v1_ActivateResponse__Output>): grpc.ClientUnaryCall;
  Activate(argument: _splice65_relay_v1_ActivateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_ActivateResponse__Output>): grpc.ClientUnaryCall;
  Activate(argument: _splice65_relay_v1_ActivateRequest, callback: grpc.requestCallback<_splice65_relay_v1_ActivateResponse__Output>): grpc.ClientUnaryCall;
  activate(argument: _splice65_relay_v1_ActivateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_ActivateResponse__Output>): grpc.ClientUnaryCall;
  activate(argument: _splice65_relay_v1_ActivateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_relay_v1_ActivateResponse__Output>): grpc.ClientUnaryCall;
  activate(argument: _splice65_relay_v1_ActivateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_ActivateResponse__Output>): grpc.ClientUnaryCall;
  activate(argument: _splice65_relay_v1_ActivateRequest, callback: grpc.requestCallback<_splice65_relay_v1_ActivateResponse__Output>): grpc.ClientUnaryCall;
  
  Describe(argument: _splice65_relay_v1_DescribeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_DescribeResponse__Output>): grpc.ClientUnaryCall;
  Describe(argument: _splice65_relay_v1_DescribeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_relay_v1_DescribeResponse__Output>): grpc.ClientUnaryCall;
  Describe(argument: _splice65_relay_v1_DescribeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_DescribeResponse__Output>): grpc.ClientUnaryCall;
  Describe(argument: _splice65_relay_v1_DescribeRequest, callback: grpc.requestCallback<_splice65_relay_v1_DescribeResponse__Output>): grpc.ClientUnaryCall;
  describe(argument: _splice65_relay_v1_DescribeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_DescribeResponse__Output>): grpc.ClientUnaryCall;
  describe(argument: _splice65_relay_v1_DescribeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_relay_v1_DescribeResponse__Output>): grpc.ClientUnaryCall;
  describe(argument: _splice65_relay_v1_DescribeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_DescribeResponse__Output>): grpc.ClientUnaryCall;
  describe(argument: _splice65_relay_v1_DescribeRequest, callback: grpc.requestCallback<_splice65_relay_v1_DescribeResponse__Output>): grpc.ClientUnaryCall;
  
  Drain(argument: _splice65_relay_v1_DrainRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_DrainResponse__Output>): grpc.ClientUnaryCall;
  Drain(argument: _splice65_relay_v1_DrainRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_relay_v1_DrainResponse__Output>): grpc.ClientUnaryCall;
  Drain(argument: _splice65_relay_v1_DrainRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_DrainResponse__Output>): grpc.ClientUnaryCall;
  Drain(argument: _splice65_relay_v1_DrainRequest, callback: grpc.requestCallback<_splice65_relay_v1_DrainResponse__Output>): grpc.ClientUnaryCall;
  drain(argument: _splice65_relay_v1_DrainRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_DrainResponse__Output>): grpc.ClientUnaryCall;
  drain(argument: _splice65_relay_v1_DrainRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_relay_v1_DrainResponse__Output>): grpc.ClientUnaryCall;
  drain(argument: _splice65_relay_v1_DrainRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_DrainResponse__Output>): grpc.ClientUnaryCall;
  drain(argument: _splice65_relay_v1_DrainRequest, callback: grpc.requestCallback<_splice65_relay_v1_DrainResponse__Output>): grpc.ClientUnaryCall;
  
  EndBytestream(argument: _splice65_relay_v1_EndBytestreamRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_EndBytestreamResponse__Output>): grpc.ClientUnaryCall;
  EndBytestream(argument: _splice65_relay_v1_EndBytestreamRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_relay_v1_EndBytestreamResponse__Output>): grpc.ClientUnaryCall;
  EndBytestream(argument: _splice65_relay_v1_EndBytestreamRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_EndBytestreamResponse__Output>): grpc.ClientUnaryCall;
  EndBytestream(argument: _splice65_relay_v1_EndBytestreamRequest, callback: grpc.requestCallback<_splice65_relay_v1_EndBytestreamResponse__Output>): grpc.ClientUnaryCall;
  endBytestream(argument: _splice65_relay_v1_EndBytestreamRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_EndBytestreamResponse__Output>): grpc.ClientUnaryCall;
  endBytestream(argument: _splice65_relay_v1_EndBytestreamRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_relay_v1_EndBytestreamResponse__Output>): grpc.ClientUnaryCall;
  endBytestream(argument: _splice65_relay_v1_EndBytestreamRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_EndBytestreamResponse__Output>): grpc.ClientUnaryCall;
  endBytestream(argument: _splice65_relay_v1_EndBytestreamRequest, callback: grpc.requestCallback<_splice65_relay_v1_EndBytestreamResponse__Output>): grpc.ClientUnaryCall;
  
  FindHalves(argument: _splice65_relay_v1_FindHalvesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_FindHalvesResponse__Output>): grpc.ClientUnaryCall;
  FindHalves(argument: _splice65_relay_v1_FindHalvesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_relay_v1_FindHalvesResponse__Output>): grpc.ClientUnaryCall;
  FindHalves(argument: _splice65_relay_v1_FindHalvesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_FindHalvesResponse__Output>): grpc.ClientUnaryCall;
  FindHalves(argument: _splice65_relay_v1_FindHalvesRequest, callback: grpc.requestCallback<_splice65_relay_v1_FindHalvesResponse__Output>): grpc.ClientUnaryCall;
  findHalves(argument: _splice65_relay_v1_FindHalvesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_FindHalvesResponse__Output>): grpc.ClientUnaryCall;
  findHalves(argument: _splice65_relay_v1_FindHalvesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_relay_v1_FindHalvesResponse__Output>): grpc.ClientUnaryCall;
  findHalves(argument: _splice65_relay_v1_FindHalvesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_FindHalvesResponse__Output>): grpc.ClientUnaryCall;
  findHalves(argument: _splice65_relay_v1_FindHalvesRequest, callback: grpc.requestCallback<_splice65_relay_v1_FindHalvesResponse__Output>): grpc.ClientUnaryCall;
  
  Handoff(argument: _splice65_relay_v1_HandoffRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_HandoffResponse__Output>): grpc.ClientUnaryCall;
  Handoff(argument: _splice65_relay_v1_HandoffRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_relay_v1_HandoffResponse__Output>): grpc.ClientUnaryCall;
  Handoff(argument: _splice65_relay_v1_HandoffRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_HandoffResponse__Output>): grpc.ClientUnaryCall;
  Handoff(argument: _splice65_relay_v1_HandoffRequest, callback: grpc.requestCallback<_splice65_relay_v1_HandoffResponse__Output>): grpc.ClientUnaryCall;
  handoff(argument: _splice65_relay_v1_HandoffRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_HandoffResponse__Output>): grpc.ClientUnaryCall;
  handoff(argument: _splice65_relay_v1_HandoffRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_relay_v1_HandoffResponse__Output>): grpc.ClientUnaryCall;
  handoff(argument: _splice65_relay_v1_HandoffRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_HandoffResponse__Output>): grpc.ClientUnaryCall;
  handoff(argument: _splice65_relay_v1_HandoffRequest, callback: grpc.requestCallback<_splice65_relay_v1_HandoffResponse__Output>): grpc.ClientUnaryCall;
  
  ListBytestreams(argument: _splice65_relay_v1_ListBytestreamsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_ListBytestreamsResponse__Output>): grpc.ClientUnaryCall;
  ListBytestreams(argument: _splice65_relay_v1_ListBytestreamsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_relay_v1_ListBytestreamsResponse__Output>): grpc.ClientUnaryCall;
  ListBytestreams(argument: _splice65_relay_v1_ListBytestreamsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_ListBytestreamsResponse__Output>): grpc.ClientUnaryCall;
  ListBytestreams(argument: _splice65_relay_v1_ListBytestreamsRequest, callback: grpc.requestCallback<_splice65_relay_v1_ListBytestreamsResponse__Output>): grpc.ClientUnaryCall;
  listBytestreams(argument: _splice65_relay_v1_ListBytestreamsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_ListBytestreamsResponse__Output>): grpc.ClientUnaryCall;
  listBytestreams(argument: _splice65_relay_v1_ListBytestreamsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_splice65_relay_v1_ListBytestreamsResponse__Output>): grpc.ClientUnaryCall;
  listBytestreams(argument: _splice65_relay_v1_ListBytestreamsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_splice65_relay_v1_ListBytestreamsResponse__Output>): grpc.ClientUnaryCall;
  listBytestreams(argument: _splice65_relay_v1_ListBytestreamsRequest, callback: grpc.requestCallback<_splice65_relay_v1_ListBytestreamsResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface RelayHandlers extends grpc.UntypedServiceImplementation {
  Activate: grpc.handleUnaryCall<_splice65_relay_v1_ActivateRequest__Output, _splice65_relay_v1_ActivateResponse>;
  
  Describe: grpc.handleUnaryCall<_splice65_relay_v1_DescribeRequest__Output, _splice65_relay_v1_DescribeResponse>;
  
  Drain: grpc.handleUnaryCall<_splice65_relay_v1_DrainRequest__Output, _splice65_relay_v1_DrainResponse>;
  
  EndBytestream: grpc.handleUnaryCall<_splice65_relay_v1_EndBytestreamRequest__Output, _splice65_relay_v1_EndBytestreamResponse>;
  
  FindHalves: grpc.handleUnaryCall<_splice65_relay_v1_FindHalvesRequest__Output, _splice65_relay_v1_FindHalvesResponse>;
  
  Handoff: grpc.handleUnaryCall<_splice65_relay_v1_HandoffRequest__Output, _splice65_relay_v1_HandoffResponse>;
  
  ListBytestreams: grpc.handleUnaryCall<_splice65_relay_v1_ListBytestreamsRequest__Output, _splice65_relay_v1_ListBytestreamsResponse>;
  
}

export interface RelayDefinition extends grpc.ServiceDefinition {
  Activate: MethodDefinition<_splice65_relay_v1_ActivateRequest, _splice65_relay_v1_ActivateResponse, _splice65_relay_v1_ActivateRequest__Output, _splice65_relay_v1_ActivateResponse__Output>
  Describe: MethodDefinition<_splice65_relay_v1_DescribeRequest, _splice65_relay_v1_DescribeResponse, _splice65_relay_v1_DescribeRequest__Output, _splice65_relay_v1_DescribeResponse__Output>
  Drain: MethodDefinition<_splice65_relay_v1_DrainRequest, _splice65_relay_v1_DrainResponse, _splice65_relay_v1_DrainRequest__Output, _splice65_relay_v1_DrainResponse__Output>
  EndBytestream: MethodDefinition<_splice65_relay_v1_EndBytestreamRequest, _splice65_relay_v1_EndBytestreamResponse, _splice65_relay_v1_EndBytestreamRequest__Output, _splice65_relay_v1_EndBytestreamResponse__Output>
  FindHalves: MethodDefinition<_splice65_relay_v1_FindHalvesRequest, _splice65_relay_v1_FindHalvesResponse, _splice65_relay_v1_FindHalvesRequest__Output, _splice65_relay_v1_FindHalvesResponse__Output>
  Handoff: MethodDefinition<_splice65_relay_v1_HandoffRequest, _splice65_relay_v1_HandoffResponse, _splice65_relay_v1_HandoffRequest__Output, _splice65_relay_v1_HandoffResponse__Output>
  ListBytestreams: MethodDefinition<_splice65_relay_v1_ListBytestreamsRequest, _splice65_relay_v1_ListBytestreamsResponse, _splice65_relay_v1_ListBytestreamsRequest__Output, _splice65_relay_v1_ListBytestreamsResponse__Output>
}
