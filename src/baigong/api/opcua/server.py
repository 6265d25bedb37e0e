"""The OPC UA server: its endpoints, its sessions, and what it tells of itself."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.crypto import security_policies as sp
from asyncua.crypto import uacrypto
from asyncua.server.binary_server_asyncio import BinaryServer
from asyncua.server.internal_server import InternalServer
from asyncua.ua.uaerrors import UaStatusCodeError
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from baigong.api.opcua.browsing import MOST_POINTS, Browser
from baigong.api.opcua.connection import LARGEST_CHUNK, Connection, Limits
from baigong.api.opcua.feed import Feed
from baigong.api.opcua.histories import MOST_HISTORIES, Histories
from baigong.api.opcua.history import MOST
from baigong.api.opcua.monitoring import MOST_ITEMS, QUEUE, Monitoring
from baigong.api.opcua.publishing import Left, Publisher
from baigong.api.opcua.reading import Reader
from baigong.api.opcua.services import MOST_NODES, Services
from baigong.api.opcua.session import MOST_SUBSCRIPTIONS, Session
from baigong.api.opcua.signin import SignIn
from baigong.api.opcua.standard import BINARY, Offer, furnish
from baigong.api.opcua.subscription import Sent
from baigong.api.opcua.trust import Clients
from baigong.api.rooms import OpcUaState, Rooms
from baigong.registry.principal import From
from baigong.security.certificates import Pair, read_certificate

POLICIES = (sp.SecurityPolicyAes256Sha256RsaPss, sp.SecurityPolicyAes128Sha256RsaOaep, sp.SecurityPolicyBasic256Sha256)
_NAME = "Baigong"
_MESSAGE = 4 << 20  # bytes of a request
_SESSIONS, _OF_ONE = 100, 20  # of all, of one address
_SHORTEST_S, _LONGEST_S = 10.0, 3600.0
_ALONE_S = 120.0  # a session without a connection waits so long for its client
_LOOK_S = 1.0
_LEFT, _LEFT_S = 200, 600.0  # subscriptions that wait for another session, and for how long at the most


@dataclass(slots=True, frozen=True, kw_only=True)
class OpcUaSettings:
    """Where it listens, and as whom. ``folder``: has the clients' certificates in it.

    ``any_client_certificate``: applications are let in unseen; people are not.
    """

    host: str
    port: int
    pair: Pair
    folder: Path
    shown: str = ""  # the name under which clients come, when it is not ``host``
    any_client_certificate: bool = False


class OpcUaServer:
    """Lives on the event loop; ``feed.take`` may come from the thread of the historian. ``run()`` for ever."""

    def __init__(self, rooms: Rooms, settings: OpcUaSettings, feed: Feed) -> None:
        self._rooms, self._settings = rooms, settings
        self.clients = Clients(settings.folder, any=settings.any_client_certificate)
        self._sign_in, self._sent = SignIn(rooms), Sent()
        self._standard = InternalServer()
        self._standard.max_connections = 2 * _SESSIONS
        self._standard.max_pending_messages_per_connection = 100
        self._facts = read_certificate(settings.pair.certificate_der)
        self._sessions: dict[ua.NodeId, Session] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._refused: dict[str, int] = {}
        self.port = settings.port
        self.ready = asyncio.Event()
        reader = Reader(rooms, self._sign_in, self._standard, self._facts.application_uri, feed)
        publisher, monitoring = Publisher(reader), Monitoring(reader)
        browser = Browser(self._standard)
        self.services = Services(
            reader,
            browser,
            publisher,
            monitoring,
            Histories(rooms),
            self._sent,
            lambda: self._sessions.values(),
            {},
            self._start,
            self.note,
        )

    async def run(self) -> None:
        """Listen until cancelled."""
        logging.getLogger("asyncua").setLevel(logging.ERROR)  # it logs each refused client in full
        await self._standard.init()
        await furnish(self._standard, self._offer())
        listener = _Listener(self, self._standard, self._settings.host, self._settings.port)
        listener.set_policies(self._policies())
        try:
            await self._standard.start()
            await listener.start()
            self.port = listener.port
            self._standard.endpoints[:] = self._endpoints()
            self.ready.set()
            await self._look_after()
        finally:
            self.ready.clear()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await listener.stop()
            await self._standard.stop()

    def _offer(self) -> Offer:
        return Offer(
            application_uri=self._facts.application_uri,
            name=_NAME,
            version=self._rooms.settings.version,
            policies=tuple(policy.URI for policy in POLICIES),
            nodes=MOST_NODES,
            histories=MOST_HISTORIES,
            values=MOST,
            sessions=_SESSIONS,
            subscriptions=MOST_SUBSCRIPTIONS,
            items=MOST_ITEMS,
            queue=QUEUE,
            points=MOST_POINTS,
        )

    def _policies(self) -> list[Any]:
        certificate = x509.load_der_x509_certificate(self._settings.pair.certificate_der)
        key = serialization.load_pem_private_key(self._settings.pair.key_pem, None)
        self._standard.certificate, self._standard.private_key = certificate, key
        mode = ua.MessageSecurityMode.SignAndEncrypt
        return [sp.SecurityPolicyFactory(policy, mode, certificate, key) for policy in POLICIES]

    def describe(self) -> ua.ApplicationDescription:
        application = ua.ApplicationDescription(
            ApplicationUri=self._facts.application_uri,
            ProductUri="urn:baigong",
            ApplicationName=ua.LocalizedText(_NAME),
            DiscoveryUrls=[self.url],
        )
        application.ApplicationType = ua.ApplicationType.Server
        return application

    def _endpoints(self) -> list[ua.EndpointDescription]:
        made = []
        for level, policy in zip((30, 20, 10), POLICIES, strict=True):
            token = ua.UserTokenPolicy("username", ua.UserTokenType.UserName, SecurityPolicyUri=policy.URI)
            one = ua.EndpointDescription()
            one.EndpointUrl, one.Server, one.SecurityLevel = self.url, self.describe(), level
            one.ServerCertificate = uacrypto.der_from_x509(self._standard.certificate)
            one.SecurityMode, one.SecurityPolicyUri = ua.MessageSecurityMode.SignAndEncrypt, policy.URI
            one.UserIdentityTokens, one.TransportProfileUri = [token], BINARY
            made.append(one)
        return made

    @property
    def url(self) -> str:
        host = self._settings.shown or self._settings.host
        return f"opc.tcp://{f'[{host}]' if ':' in host else host}:{self.port}"

    def _start(self, name: str, work: Any) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(partial(_ended, self._tasks))

    async def _look_after(self) -> None:
        """End sessions that say nothing any more, and those of people who may no longer come in."""
        while True:
            await asyncio.sleep(_LOOK_S)
            for session in list(self._sessions.values()):
                if session.is_over:
                    await self.close(session, keep=True)

    def admit(self, certificate: bytes) -> None:
        self.clients.check(certificate)

    async def create(self, params: ua.CreateSessionParameters, peer: Any, certificate: bytes) -> Session:
        address = str(peer[0]) if peer else ""
        of_one = sum(one.come.address == address for one in self._sessions.values())
        if len(self._sessions) >= _SESSIONS or of_one >= _OF_ONE:
            self.note("opcua.crowded")
            raise UaStatusCodeError(ua.StatusCodes.BadTooManySessions)
        client = params.ClientDescription
        facts = read_certificate(certificate)
        if facts.application_uri and client.ApplicationUri != facts.application_uri:
            raise UaStatusCodeError(ua.StatusCodes.BadCertificateUriInvalid)
        name = str(client.ApplicationName.Text or client.ApplicationUri or "")[:200]
        timeout_s = min(max(float(params.RequestedSessionTimeout or 0) / 1000, _SHORTEST_S), _LONGEST_S)
        come = From(address, f"OPC UA: {name}")
        made = Session(name, come, timeout_s, certificate, began_us=self._rooms.clock_us())
        self._sessions[made.token] = made
        self._standard._external_sessions[made.token] = made
        return made

    async def activate(self, token: ua.NodeId, params: ua.ActivateSessionParameters, peer: Any) -> Session:
        """Sign somebody in, or in again: a session goes on only with who began it."""
        session = self._sessions[token]
        session.touch()
        key = self._standard.private_key
        caller = await self._sign_in(params.UserIdentityToken, session.nonce, key, session.come)
        before = session.caller
        if before is not None and (before.who.full_name, before.tenant) != (caller.who.full_name, caller.tenant):
            await self._sign_in.out(caller)
            raise UaStatusCodeError(ua.StatusCodes.BadIdentityTokenRejected)
        if before is not None and before.secret != caller.secret:
            await self._sign_in.out(before)
        session.caller = caller
        session.speak([*(params.LocaleIds or []), caller.who.language])
        session.renew()
        return session

    async def close(self, session: Session, *, keep: bool = False) -> None:
        """End a session with all its subscriptions. ``keep``: those wait a while for another session to take them."""
        if keep and session.caller is not None:
            self._leave(session)
        session.closed = True
        self._sessions.pop(session.token, None)
        self._standard._external_sessions.pop(session.token, None)
        session.subscriptions.clear()
        if session.caller is not None:
            await self._sign_in.out(session.caller)

    def _leave(self, session: Session) -> None:
        left = self.services.left
        until = time.monotonic() + _LEFT_S
        for one in list(session.subscriptions.values())[: _LEFT - len(left)]:
            one.owner = None
            left[one.id] = Left(one, session.whose, until)

    def lost(self, session: Session) -> None:
        session.timeout_s = min(session.timeout_s, _ALONE_S)
        if not session.is_activated():
            session.timeout_s = 0.0

    def note(self, what: str) -> None:
        self._refused[what] = self._refused.get(what, 0) + 1

    def state(self) -> OpcUaState:
        """Tell people how it is."""
        live = [one for one in self._sessions.values() if one.is_activated()]
        subscriptions = [one for session in live for one in session.subscriptions.values()]
        return OpcUaState(
            url=self.url,
            running=self.ready.is_set(),
            sha256=self._facts.sha256,
            application_uri=self._facts.application_uri,
            any_client_certificate=self._settings.any_client_certificate,
            sessions=len(live),
            subscriptions=len(subscriptions),
            items=sum(len(one.items) + len(one.others) for one in subscriptions),
            values=self._sent.values,
            dropped=self._sent.overflown,
            refused=dict(self._refused),
            refused_people=self._sign_in.refused,
            refused_applications=self.clients.refused,
            waiting=len(self.clients.waiting()),
        )


class _Listener(BinaryServer):  # type: ignore[misc]
    """asyncua's listener, with our connections."""

    def __init__(self, host: OpcUaServer, standard: InternalServer, address: str, port: int) -> None:
        limits = Limits(LARGEST_CHUNK, LARGEST_CHUNK, _MESSAGE // 8_192, _MESSAGE)
        super().__init__(standard, address, port, limits)
        self._host = host

    def _make_protocol(self) -> Connection:
        return Connection(
            self._host,
            iserver=self.iserver,
            policies=self._policies,
            clients=self.clients,
            closing_tasks=self.closing_tasks,
            limits=self.limits,
        )


def _ended(tasks: set[asyncio.Task[Any]], task: asyncio.Task[Any]) -> None:
    tasks.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        logging.getLogger(__name__).error("%s failed", task.get_name(), exc_info=error)
