import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Account as _splice65_relay_v1_Account, Account__Output as _splice65_relay_v1_Account__Output } from './splice65/relay/v1/Account.ts';
import type { ActivateRequest as _splice65_relay_v1_ActivateRequest, ActivateRequest__Output as _splice65_relay_v1_ActivateRequest__Output } from './splice65/relay/v1/ActivateRequest.ts';
import type { ActivateResponse as _splice65_relay_v1_ActivateResponse, ActivateResponse__Output as _splice65_relay_v1_ActivateResponse__Output } from './splice65/relay/v1/ActivateResponse.ts';
import type { Bytestream as _splice65_relay_v1_Bytestream, Bytestream__Output as _splice65_relay_v1_Bytestream__Output } from './splice65/relay/v1/Bytestream.ts';
import type { DescribeRequest as _splice65_relay_v1_DescribeRequest, DescribeRequest__Output as _splice65_relay_v1_DescribeRequest__Output } from './splice65/relay/v1/DescribeRequest.ts';
import type { DescribeResponse as _splice65_relay_v1_DescribeResponse, DescribeResponse__Output as _splice65_relay_v1_DescribeResponse__Output } from './splice65/relay/v1/DescribeResponse.ts';
import type { DrainRequest as _splice65_relay_v1_DrainRequest, DrainRequest__Output as _splice65_relay_v1_DrainRequest__Output } from './splice65/relay/v1/DrainRequest.ts';
import type { DrainResponse as _splice65_relay_v1_DrainResponse, DrainResponse__Output as _splice65_relay_v1_DrainResponse__Output } from './splice65/relay/v1/DrainResponse.ts';
import type { EndBytestreamRequest as _splice65_relay_v1_EndBytestreamRequest, EndBytestreamRequest__Output as _splice65_relay_v1_EndBytestreamRequest__Output } from './splice65/relay/v1/EndBytestreamRequest.ts';
import type { EndBytestreamResponse as _splice65_relay_v1_EndBytestreamResponse, EndBytestreamResponse__Output as _splice65_relay_v1_EndBytestreamResponse__Output } from './splice65/relay/v1/EndBytestreamResponse.ts';
import type { FindHalvesRequest as _splice65_relay_v1_FindHalvesRequest, FindHalvesRequest__Output as _splice65_relay_v1_FindHalvesRequest__Output } from './splice65/relay/v1/FindHalvesRequest.ts';
import type { FindHalvesResponse as _splice65_relay_v1_FindHalvesResponse, FindHalvesResponse__Output as _splice65_relay_v1_FindHalvesResponse__Output } from './splice65/relay/v1/FindHalvesResponse.ts';
import type { FoundHalf as _splice65_relay_v1_FoundHalf, FoundHalf__Output as _splice65_relay_v1_FoundHalf__Output } from './splice65/relay/v1/FoundHalf.ts';
import type { HalfReference as _splice65_relay_v1_HalfReference, HalfReference__Output as _splice65_relay_v1_HalfReference__Output } from './splice65/relay/v1/HalfReference.ts';
import type { HandoffRequest as _splice65_relay_v1_HandoffRequest, HandoffRequest__Output as _splice65_relay_v1_HandoffRequest__Output } from './splice65/relay/v1/HandoffRequest.ts';
import type { HandoffResponse as _splice65_relay_v1_HandoffResponse, HandoffResponse__Output as _splice65_relay_v1_HandoffResponse__Output } from './splice65/relay/v1/HandoffResponse.ts';
import type { ListBytestreamsRequest as _splice65_relay_v1_ListBytestreamsRequest, ListBytestreamsRequest__Output as _splice65_relay_v1_ListBytestreamsRequest__Output } from './splice65/relay/v1/ListBytestreamsRequest.ts';
import type { ListBytestreamsResponse as _splice65_relay_v1_ListBytestreamsResponse, ListBytestreamsResponse__Output as _splice65_relay_v1_ListBytestreamsResponse__Output } from './splice65/relay/v1/ListBytestreamsResponse.ts';
import type { RelayClient as _splice65_relay_v1_RelayClient, RelayDefinition as _splice65_relay_v1_RelayDefinition } from './splice65/relay/v1/Relay.ts';
import type { Room as _splice65_relay_v1_Room, Room__Output as _splice65_relay_v1_Room__Output } from './splice65/relay/v1/Room.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  splice65: {
    relay: {
      v1: {
        Account: MessageTypeDefinition<_splice65_relay_v1_Account, _splice65_relay_v1_Account__Output>
        ActivateRequest: MessageTypeDefinition<_splice65_relay_v1_ActivateRequest, _splice65_relay_v1_ActivateRequest__Output>
        ActivateResponse: MessageTypeDefinition<_splice65_relay_v1_ActivateResponse, _splice65_relay_v1_ActivateResponse__Output>
        Bytestream: MessageTypeDefinition<_splice65_relay_v1_Bytestream, _splice65_relay_v1_Bytestream__Output>
        DescribeRequest: MessageTypeDefinition<_splice65_relay_v1_DescribeRequest, _splice65_relay_v1_DescribeRequest__Output>
        DescribeResponse: MessageTypeDefinition<_splice65_relay_v1_DescribeResponse, _splice65_relay_v1_DescribeResponse__Output>
        DrainRequest: MessageTypeDefinition<_splice65_relay_v1_DrainRequest, _splice65_relay_v1_DrainRequest__Output>
        DrainResponse: MessageTypeDefinition<_splice65_relay_v1_DrainResponse, _splice65_relay_v1_DrainResponse__Output>
        EndBytestreamRequest: MessageTypeDefinition<_splice65_relay_v1_EndBytestreamRequest, _splice65_relay_v1_EndBytestreamRequest__Output>
        EndBytestreamResponse: MessageTypeDefinition<_splice65_relay_v1_EndBytestreamResponse, _splice65_relay_v1_EndBytestreamResponse__Output>
        FindHalvesRequest: MessageTypeDefinition<_splice65_relay_v1_FindHalvesRequest, _splice65_relay_v1_FindHalvesRequest__Output>
        FindHalvesResponse: MessageTypeDefinition<_splice65_relay_v1_FindHalvesResponse, _splice65_relay_v1_FindHalvesResponse__Output>
        FoundHalf: MessageTypeDefinition<_splice65_relay_v1_FoundHalf, _splice65_relay_v1_FoundHalf__Output>
        HalfReference: MessageTypeDefinition<_splice65_relay_v1_HalfReference, _splice65_relay_v1_HalfReference__Output>
        HandoffRequest: MessageTypeDefinition<_splice65_relay_v1_HandoffRequest, _splice65_relay_v1_HandoffRequest__Output>
        HandoffResponse: MessageTypeDefinition<_splice65_relay_v1_HandoffResponse, _splice65_relay_v1_HandoffResponse__Output>
        ListBytestreamsRequest: MessageTypeDefinition<_splice65_relay_v1_ListBytestreamsRequest, _splice65_relay_v1_ListBytestreamsRequest__Output>
        ListBytestreamsResponse: MessageTypeDefinition<_splice65_relay_v1_ListBytestreamsResponse, _splice65_relay_v1_ListBytestreamsResponse__Output>
        Path: EnumTypeDefinition
        Relay: SubtypeConstructor<typeof grpc.Client, _splice65_relay_v1_RelayClient> & { service: _splice65_relay_v1_RelayDefinition }
        Room: MessageTypeDefinition<_splice65_relay_v1_Room, _splice65_relay_v1_Room__Output>
      }
    }
  }
}

