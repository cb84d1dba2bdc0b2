import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Bytestream as _splice65_control_v1_Bytestream, Bytestream__Output as _splice65_control_v1_Bytestream__Output } from './splice65/control/v1/Bytestream.ts';
import type { ControlClient as _splice65_control_v1_ControlClient, ControlDefinition as _splice65_control_v1_ControlDefinition } from './splice65/control/v1/Control.ts';
import type { DrainRequest as _splice65_control_v1_DrainRequest, DrainRequest__Output as _splice65_control_v1_DrainRequest__Output } from './splice65/control/v1/DrainRequest.ts';
import type { DrainResponse as _splice65_control_v1_DrainResponse, DrainResponse__Output as _splice65_control_v1_DrainResponse__Output } from './splice65/control/v1/DrainResponse.ts';
import type { EndBytestreamRequest as _splice65_control_v1_EndBytestreamRequest, EndBytestreamRequest__Output as _splice65_control_v1_EndBytestreamRequest__Output } from './splice65/control/v1/EndBytestreamRequest.ts';
import type { EndBytestreamResponse as _splice65_control_v1_EndBytestreamResponse, EndBytestreamResponse__Output as _splice65_control_v1_EndBytestreamResponse__Output } from './splice65/control/v1/EndBytestreamResponse.ts';
import type { ListBytestreamsRequest as _splice65_control_v1_ListBytestreamsRequest, ListBytestreamsRequest__Output as _splice65_control_v1_ListBytestreamsRequest__Output } from './splice65/control/v1/ListBytestreamsRequest.ts';
import type { ListBytestreamsResponse as _splice65_control_v1_ListBytestreamsResponse, ListBytestreamsResponse__Output as _splice65_control_v1_ListBytestreamsResponse__Output } from './splice65/control/v1/ListBytestreamsResponse.ts';
import type { ListRelaysRequest as _splice65_control_v1_ListRelaysRequest, ListRelaysRequest__Output as _splice65_control_v1_ListRelaysRequest__Output } from './splice65/control/v1/ListRelaysRequest.ts';
import type { ListRelaysResponse as _splice65_control_v1_ListRelaysResponse, ListRelaysResponse__Output as _splice65_control_v1_ListRelaysResponse__Output } from './splice65/control/v1/ListRelaysResponse.ts';
import type { Relay as _splice65_control_v1_Relay, Relay__Output as _splice65_control_v1_Relay__Output } from './splice65/control/v1/Relay.ts';
import type { RelayStatus as _splice65_control_v1_RelayStatus, RelayStatus__Output as _splice65_control_v1_RelayStatus__Output } from './splice65/control/v1/RelayStatus.ts';
import type { SelfTestRequest as _splice65_control_v1_SelfTestRequest, SelfTestRequest__Output as _splice65_control_v1_SelfTestRequest__Output } from './splice65/control/v1/SelfTestRequest.ts';
import type { SelfTestResponse as _splice65_control_v1_SelfTestResponse, SelfTestResponse__Output as _splice65_control_v1_SelfTestResponse__Output } from './splice65/control/v1/SelfTestResponse.ts';
import type { TestedRelay as _splice65_control_v1_TestedRelay, TestedRelay__Output as _splice65_control_v1_TestedRelay__Output } from './splice65/control/v1/TestedRelay.ts';
import type { TestedStreamhost as _splice65_control_v1_TestedStreamhost, TestedStreamhost__Output as _splice65_control_v1_TestedStreamhost__Output } from './splice65/control/v1/TestedStreamhost.ts';
import type { Unanswered as _splice65_control_v1_Unanswered, Unanswered__Output as _splice65_control_v1_Unanswered__Output } from './splice65/control/v1/Unanswered.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  splice65: {
    control: {
      v1: {
        Bytestream: MessageTypeDefinition<_splice65_control_v1_Bytestream, _splice65_control_v1_Bytestream__Output>
        Control: SubtypeConstructor<typeof grpc.Client, _splice65_control_v1_ControlClient> & { service: _splice65_control_v1_ControlDefinition }
        DrainRequest: MessageTypeDefinition<_splice65_control_v1_DrainRequest, _splice65_control_v1_DrainRequest__Output>
        DrainResponse: MessageTypeDefinition<_splice65_control_v1_DrainResponse, _splice65_control_v1_DrainResponse__Output>
        EndBytestreamRequest: MessageTypeDefinition<_splice65_control_v1_EndBytestreamRequest, _splice65_control_v1_EndBytestreamRequest__Output>
        EndBytestreamResponse: MessageTypeDefinition<_splice65_control_v1_EndBytestreamResponse, _splice65_control_v1_EndBytestreamResponse__Output>
        ListBytestreamsRequest: MessageTypeDefinition<_splice65_control_v1_ListBytestreamsRequest, _splice65_control_v1_ListBytestreamsRequest__Output>
        ListBytestreamsResponse: MessageTypeDefinition<_splice65_control_v1_ListBytestreamsResponse, _splice65_control_v1_ListBytestreamsResponse__Output>
        ListRelaysRequest: MessageTypeDefinition<_splice65_control_v1_ListRelaysRequest, _splice65_control_v1_ListRelaysRequest__Output>
        ListRelaysResponse: MessageTypeDefinition<_splice65_control_v1_ListRelaysResponse, _splice65_control_v1_ListRelaysResponse__Output>
        Relay: MessageTypeDefinition<_splice65_control_v1_Relay, _splice65_control_v1_Relay__Output>
        RelayStatus: MessageTypeDefinition<_splice65_control_v1_RelayStatus, _splice65_control_v1_RelayStatus__Output>
        SelfTestRequest: MessageTypeDefinition<_splice65_control_v1_SelfTestRequest, _splice65_control_v1_SelfTestRequest__Output>
        SelfTestResponse: MessageTypeDefinition<_splice65_control_v1_SelfTestResponse, _splice65_control_v1_SelfTestResponse__Output>
        TestedRelay: MessageTypeDefinition<_splice65_control_v1_TestedRelay, _splice65_control_v1_TestedRelay__Output>
        TestedStreamhost: MessageTypeDefinition<_splice65_control_v1_TestedStreamhost, _splice65_control_v1_TestedStreamhost__Output>
        Unanswered: MessageTypeDefinition<_splice65_control_v1_Unanswered, _splice65_control_v1_Unanswered__Output>
      }
    }
  }
}

