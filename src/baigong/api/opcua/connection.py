"""One connection: bytes to requests and back through asyncua's secure channel, with walls that it does not have.

asyncua decodes and signs; this replaces what it does with a request. Its own sessions have counted, guessable
tokens, let one client touch another's subscriptions, answer nodes of one address space to everybody, and sign
people in without waiting (asyncua 2.1, server/internal_session.py and subscription_service.py).
"""

from __future__ import annotations

import asyncio
import logging
import struct
from datetime import UTC, datetime
from typing import Any, Protocol

from asyncua import ua
from asyncua.common.connection import TransportLimits
from asyncua.common.utils import NotEnoughData, ServiceError
from asyncua.server.binary_server_asyncio import OPCUAProtocol
from asyncua.server.uaprocessor import UaProcessor
from asyncua.ua.ua_binary import nodeid_from_binary, struct_from_binary, struct_to_binary, uatcp_to_binary
from asyncua.ua.uaerrors import UaError, UaStatusCodeError
from cryptography.exceptions import InvalidSignature

from baigong.api.opcua.notices import republish_response
from baigong.api.opcua.services import SERVICES, Services, fault
from baigong.api.opcua.session import Session
from baigong.vocab.errors import BaigongError

_log = logging.getLogger(__name__)
_CHUNK = 65_535
LARGEST_CHUNK = _CHUNK + 64  # gopcua 0.8 pads its chunks a byte beyond what was agreed
_OF_ONE_ADDRESS = 60  # connections
_SHORTEST_ANSWER = 8192  # who says to take less means something else: asyncua 2.1 writes its number of chunks there
_SHORTEST_TOKEN_MS, _LONGEST_TOKEN_MS = 10_000, 86_400_000
_KINDS = (b"HEL", b"OPN", b"MSG", b"CLO", b"ERR")  # OPC 10000-6 §7.1.2
_OF_STRANGERS = 1 << 17  # bytes of a message before a session is activated
_E = ua.ObjectIds
# what foreign decoders raise at bytes that are no message
_MALFORMED = (
    UaError, ServiceError, NotEnoughData, InvalidSignature, ValueError, TypeError, LookupError, AttributeError,
    struct.error, OverflowError, RecursionError, AssertionError,
)  # fmt: skip


class Host(Protocol):
    """The server behind the connections."""

    services: Services

    def describe(self) -> ua.ApplicationDescription:
        """Say who we are."""
        ...

    def admit(self, certificate: bytes) -> None:
        """Raise a status code for an application that is not trusted."""

    async def create(self, params: ua.CreateSessionParameters, peer: Any, certificate: bytes) -> Session: ...

    async def activate(self, token: ua.NodeId, params: ua.ActivateSessionParameters, peer: Any) -> Session: ...

    async def close(self, session: Session, *, keep: bool = False) -> None: ...

    def lost(self, session: Session) -> None: ...

    def note(self, what: str) -> None:
        """Count something refused."""


class Limits(TransportLimits):  # type: ignore[misc]
    """What a connection bears, agreed on by Hello and Acknowledge (OPC 10000-6 §7.1.2).

    asyncua takes each side's wish for the other's, and the client's largest answer for its largest request.
    """

    longest_answer: int = 0  # that the client takes; 0: any

    def create_acknowledge_and_set_limits(self, msg: ua.Hello) -> ua.Acknowledge:
        self.max_send_buffer = min(max(int(msg.ReceiveBufferSize), 8192), _CHUNK)
        self.longest_answer = msg.MaxMessageSize if msg.MaxMessageSize >= _SHORTEST_ANSWER else 0
        ack = ua.Acknowledge(SendBufferSize=self.max_send_buffer)
        ack.ReceiveBufferSize = min(int(msg.SendBufferSize), _CHUNK)
        ack.MaxMessageSize, ack.MaxChunkCount = self.max_message_size, self.max_chunk_count
        return ack


class Processor(UaProcessor):  # type: ignore[misc]
    """Answers the requests of one connection, in their order."""

    def __init__(self, host: Host, server: Any, transport: Any, limits: Any) -> None:
        super().__init__(server, transport, limits)
        self._host = host
        self._largest = limits.max_message_size
        self.session: Session | None = None

    async def process(self, header: Any, body: Any) -> bool:
        """Take a chunk; False ends the connection."""
        try:
            if header.MessageType == ua.MessageType.SecureOpen:
                self._admit(body.copy(header.body_size))
            return bool(await super().process(header, body))
        except _MALFORMED as error:
            self._host.note("opcua.channel")
            code = error.code if isinstance(error, UaStatusCodeError) else ua.StatusCodes.BadSecurityChecksFailed
            _log.info("refused %s: %s", self.name, error)
            self._transport.write(uatcp_to_binary(ua.MessageType.Error, ua.ErrorMessage(ua.StatusCode(code), "")))
            return False

    def _admit(self, body: Any) -> None:
        told = struct_from_binary(ua.AsymmetricAlgorithmHeader, body)
        if told.SecurityPolicyURI != ua.SecurityPolicyType.NoSecurity and told.SenderCertificate:
            self._host.admit(told.SenderCertificate)

    def open_secure_channel(self, algohdr: Any, seqhdr: Any, body: Any) -> None:
        request = struct_from_binary(ua.OpenSecureChannelRequest, body)
        asked, channel = request.Parameters, self._connection
        asked.RequestedLifetime = min(max(int(asked.RequestedLifetime), _SHORTEST_TOKEN_MS), _LONGEST_TOKEN_MS)
        if not channel.is_open():  # else the channel is renewed, as what it is
            channel.select_policy(algohdr.SecurityPolicyURI, algohdr.SenderCertificate, asked.SecurityMode)
        if len(asked.ClientNonce or b"") < channel.security_policy.secure_channel_nonce_length:
            raise UaStatusCodeError(ua.StatusCodes.BadNonceInvalid)
        response = ua.OpenSecureChannelResponse()
        response.Parameters = channel.open(asked, self.iserver)
        self.send_response(request.RequestHeader.RequestHandle, seqhdr, response, ua.MessageType.SecureOpen)
        if self.session is None:
            self._limits.max_message_size = min(self._largest, _OF_STRANGERS)

    async def process_message(self, seqhdr: Any, body: Any) -> bool:
        kind = nodeid_from_binary(body)
        header = struct_from_binary(ua.RequestHeader, body)
        try:
            return await self._serve(int(kind.Identifier), header, seqhdr, body)
        except (UaStatusCodeError, ServiceError) as error:
            self._send(fault(header.RequestHandle, error.code), seqhdr.RequestId)
        except BaigongError as error:
            self._host.note(error.code)
            self._send(fault(header.RequestHandle, ua.StatusCodes.BadUserAccessDenied), seqhdr.RequestId)
        except _MALFORMED as error:
            _log.warning("request %s of %s: %r", kind, self.name, error, exc_info=error)
            self._send(fault(header.RequestHandle, ua.StatusCodes.BadDecodingError), seqhdr.RequestId)
        return True

    async def _serve(self, kind: int, header: Any, seqhdr: Any, body: Any) -> bool:
        policy = self._connection.security_policy
        if kind in (
            _E.GetEndpointsRequest_Encoding_DefaultBinary,
            _E.CloseSecureChannelRequest_Encoding_DefaultBinary,
        ):
            return bool(await super()._process_message(ua.NodeId(kind), header, seqhdr, body))
        if kind == _E.FindServersRequest_Encoding_DefaultBinary:
            self._find_servers(header, seqhdr, struct_from_binary(ua.FindServersParameters, body))
            return True
        if policy.peer_certificate is None or policy.Mode != ua.MessageSecurityMode.SignAndEncrypt:
            self._host.note("opcua.policy")
            raise UaStatusCodeError(ua.StatusCodes.BadSecurityPolicyRejected)
        if kind == _E.CreateSessionRequest_Encoding_DefaultBinary:
            await self._create(header, seqhdr, struct_from_binary(ua.CreateSessionParameters, body))
        elif kind == _E.ActivateSessionRequest_Encoding_DefaultBinary:
            await self._activate(header, seqhdr, struct_from_binary(ua.ActivateSessionParameters, body))
        else:
            await self._of_session(kind, header, seqhdr, body)
        return True

    def _find_servers(self, header: Any, seqhdr: Any, params: ua.FindServersParameters) -> None:
        own = self._host.describe()
        wanted = not params.ServerUris or own.ApplicationUri in params.ServerUris
        self.send_response(header.RequestHandle, seqhdr, ua.FindServersResponse(Servers=[own] if wanted else []))

    async def _create(self, header: Any, seqhdr: Any, params: ua.CreateSessionParameters) -> None:
        policy = self._connection.security_policy
        if params.ClientCertificate and not params.ClientCertificate.startswith(policy.peer_certificate):
            raise UaStatusCodeError(ua.StatusCodes.BadCertificateInvalid)
        if len(params.ClientNonce or b"") < 32:
            raise UaStatusCodeError(ua.StatusCodes.BadNonceInvalid)
        made = await self._host.create(params, self.name, policy.peer_certificate)
        self.session = made
        response = ua.CreateSessionResponse()
        told = response.Parameters
        told.SessionId, told.AuthenticationToken, told.ServerNonce = made.id, made.token, made.nonce
        told.RevisedSessionTimeout, told.MaxRequestMessageSize = made.timeout_s * 1000, self._largest
        asked = ua.GetEndpointsParameters(EndpointUrl=params.EndpointUrl)
        told.ServerEndpoints = await self.iserver.get_endpoints(asked, sockname=self.sockname)
        told.ServerCertificate = policy.host_certificate
        signed = policy.peer_certificate + params.ClientNonce
        told.ServerSignature.Signature = policy.asymmetric_cryptography.signature(signed)
        told.ServerSignature.Algorithm = policy.AsymmetricSignatureURI
        self.send_response(header.RequestHandle, seqhdr, response)

    async def _activate(self, header: Any, seqhdr: Any, params: ua.ActivateSessionParameters) -> None:
        policy = self._connection.security_policy
        held = self._host_session(header)
        try:
            signed = policy.host_certificate + held.nonce
            policy.asymmetric_cryptography.verify(signed, params.ClientSignature.Signature)
        except (InvalidSignature, ValueError, TypeError) as error:
            raise UaStatusCodeError(ua.StatusCodes.BadApplicationSignatureInvalid) from error
        if held.certificate != policy.peer_certificate:
            raise UaStatusCodeError(ua.StatusCodes.BadSecurityChecksFailed)
        self.session = await self._host.activate(header.AuthenticationToken, params, self.name)
        self.session.send = self._send
        self._limits.max_message_size = self._largest
        response = ua.ActivateSessionResponse()
        response.Parameters.ServerNonce = self.session.nonce
        self.send_response(header.RequestHandle, seqhdr, response)

    def _host_session(self, header: Any) -> Session:
        held: Session | None = self.iserver.lookup_external_session(header.AuthenticationToken)
        if held is None or held.closed:
            raise UaStatusCodeError(ua.StatusCodes.BadSessionIdInvalid)
        return held

    async def _of_session(self, kind: int, header: Any, seqhdr: Any, body: Any) -> None:
        session = self.session
        if session is None or session.closed or header.AuthenticationToken != session.token:
            raise UaStatusCodeError(ua.StatusCodes.BadSessionIdInvalid)
        if kind == _E.CloseSessionRequest_Encoding_DefaultBinary:
            await self._host.close(session, keep=bytes(body.read(1)) == b"\0")  # DeleteSubscriptions
            self.send_response(header.RequestHandle, seqhdr, ua.CloseSessionResponse())
            return
        if not session.is_activated() or session.send != self._send:
            raise UaStatusCodeError(ua.StatusCodes.BadSessionNotActivated)
        session.touch()
        services = self._host.services
        if kind == _E.PublishRequest_Encoding_DefaultBinary:
            services.publish(session, header, seqhdr.RequestId, struct_from_binary(ua.PublishParameters, body))
        elif kind == _E.RepublishRequest_Encoding_DefaultBinary:
            made = services.again(session, struct_from_binary(ua.RepublishParameters, body))
            raw = republish_response(header.RequestHandle, made, services.reader.rooms.clock_us())
            self._send(raw, seqhdr.RequestId)
        elif kind in SERVICES:
            params, serve = SERVICES[kind]
            response = await serve(services, session, struct_from_binary(params, body))
            self.send_response(header.RequestHandle, seqhdr, response)
        else:
            raise UaStatusCodeError(ua.StatusCodes.BadServiceUnsupported)

    def send_response(self, requesthandle: int, seqhdr: Any, response: Any, msgtype: Any = None) -> None:
        response.ResponseHeader.RequestHandle = requesthandle
        response.ResponseHeader.Timestamp = datetime.now(UTC)
        raw = struct_to_binary(response)
        if self._limits.longest_answer and len(raw) > self._limits.longest_answer:
            raw = fault(requesthandle, ua.StatusCodes.BadResponseTooLarge)
        self._send(raw, seqhdr.RequestId, msgtype or ua.MessageType.SecureMessage)

    def _send(self, raw: bytes, request_id: int, kind: Any = ua.MessageType.SecureMessage) -> None:
        if not self._transport.is_closing():
            self._transport.write(self._connection.message_to_binary(raw, message_type=kind, request_id=request_id))

    async def close(self) -> None:
        """Follow a lost connection: a session stays for a while, so that its client can come back to it."""
        if self.session is not None and self.session.send == self._send:
            self.session.send = None
            self._host.lost(self.session)


class Connection(OPCUAProtocol):  # type: ignore[misc]
    """Bytes of one client. What it sends ahead is bounded: asyncua alone keeps whatever a header promises."""

    def __init__(self, host: Host, **settings: Any) -> None:
        super().__init__(**settings)
        self._host = host
        self._buffer: bytes = b""
        self.processor: Processor | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self.processor is not None:
            self.processor = Processor(self._host, self.iserver, transport, self.limits)
            self.processor.set_policies(self.policies)
            address = self.peer_name[0] if self.peer_name else ""
            if sum(bool(one.peer_name) and one.peer_name[0] == address for one in self.clients) > _OF_ONE_ADDRESS:
                self._refuse(ua.StatusCodes.BadTcpNotEnoughResources)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        strange = len(self._buffer) >= 3 and self._buffer[:3] not in _KINDS
        if strange or len(self._buffer) > LARGEST_CHUNK:
            self._refuse(ua.StatusCodes.BadTcpMessageTypeInvalid if strange else ua.StatusCodes.BadTcpMessageTooLarge)

    def _refuse(self, code: int) -> None:
        """Say why, and hang up."""
        self._host.note("opcua.channel")
        self._buffer = b""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(uatcp_to_binary(ua.MessageType.Error, ua.ErrorMessage(ua.StatusCode(code), "")))
            self.transport.close()
