"""Who a session is: a person by their password, or a program by its API token as the password."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from asyncua import ua
from asyncua.crypto import uacrypto
from asyncua.ua.uaerrors import UaStatusCodeError

from baigong.api.rooms import Rooms
from baigong.api.throttle import Queue
from baigong.api.wire import require_factor
from baigong.registry.audit import Entry
from baigong.registry.people import Principal
from baigong.registry.principal import From
from baigong.vocab.addresses import network_of
from baigong.vocab.errors import BaigongError, Reauthenticate

_DECRYPT = {
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep": uacrypto.decrypt_rsa_oaep,
    "http://opcfoundation.org/UA/security/rsa-oaep-sha2-256": uacrypto.decrypt_rsa_oaep_sha256,
}
_LONGEST = 1024  # bytes of a password


@dataclass(slots=True, frozen=True)
class Caller:
    """``secret``: the session's cookie or the token, by which they are recognised again at each call.

    ``tenant``: whose plant this is about, their own or one that a grant opens.
    """

    secret: str
    who: Principal
    tenant: str


class SignIn:
    """``refused``: how often somebody was."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._throttle, self._queue = rooms.passwords, Queue()
        self.refused = 0

    async def __call__(self, token: Any, nonce: bytes, key: Any, come: From) -> Caller:
        """Return who shows this token. Raises BadIdentityTokenRejected, -Invalid, or BadUserAccessDenied."""
        if not isinstance(token, ua.UserNameIdentityToken):
            self.refused += 1
            raise UaStatusCodeError(ua.StatusCodes.BadIdentityTokenRejected)
        name, _, tenant = str(token.UserName or "").partition("?tenant=")
        password = _password(token, nonce, key)
        try:
            secret, who = await self._proved(name, password, come)
            self._require(who)
            caller = Caller(secret, who, tenant or who.tenant)
            self._rooms.registry.rights.visible(who, "see", caller.tenant)
        except BaigongError as error:
            self.refused += 1
            self._rooms.metrics.refuse(error.code, self._rooms.clock_us())
            raise UaStatusCodeError(ua.StatusCodes.BadUserAccessDenied) from error
        await self._witness(caller, come)
        return caller

    async def _proved(self, name: str, password: str, come: From) -> tuple[str, Principal]:
        rooms, people = self._rooms, self._rooms.registry.people
        known = people.recognise(password)
        if known is not None and known.by == "token":
            rooms.registry.tenants.require_standing(known.tenant)
            return password, known
        address = network_of(come.address)
        tried = ("address", name, address)
        self._throttle.check(tried)
        with self._queue.place(address):
            self._throttle.failed(tried)
            cookie, who = await people.sign_in(
                name, password, come=come, allowed=rooms.registry.tenants.require_standing
            )
        self._throttle.succeeded(tried)
        return cookie, who

    def _require(self, who: Principal) -> None:
        if who.must_set_password:
            raise Reauthenticate("auth.denied", "first set a password in the console", place="password")
        require_factor(self._rooms, who)

    def now(self, caller: Caller) -> Principal:
        """Return who that is as of now. Raises auth.required for somebody whose session or token has ended."""
        who = self._rooms.registry.people.recognise(caller.secret)
        if who is None:
            raise Reauthenticate("auth.required", "this session or token has ended")
        self._rooms.registry.tenants.require_standing(who.tenant)
        return who

    async def out(self, caller: Caller) -> None:
        """End the session of a person; a token stays."""
        if caller.who.by == "cookie":
            await self._rooms.registry.people.sign_out(caller.who)

    async def _witness(self, caller: Caller, come: From) -> None:
        who = caller.who
        await self._rooms.registry.audit.note(
            Entry(
                time_us=self._rooms.clock_us(),
                tenant=caller.tenant,
                who=who.full_name,
                action="sign-in",
                object="OPC UA ActivateSession",
                allowed=True,
                origin=come.address,
                after={"how": who.how or who.by, "with": come.browser},
            )
        )


def _password(token: ua.UserNameIdentityToken, nonce: bytes, key: Any) -> str:
    """Decrypt what a client sent (OPC 10000-4 §7.41.4): length, password, and the nonce that we gave it."""
    raw = bytes(token.Password or b"")
    try:
        if token.EncryptionAlgorithm:
            plain = _DECRYPT[token.EncryptionAlgorithm](key, raw)
            (length,) = struct.unpack_from("<I", plain)
            secret, shown = plain[4 : 4 + length - len(nonce)], plain[4 + length - len(nonce) : 4 + length]
            if shown != nonce or length < len(nonce):
                raise UaStatusCodeError(ua.StatusCodes.BadIdentityTokenInvalid)
            raw = secret
        if len(raw) > _LONGEST:
            raise UaStatusCodeError(ua.StatusCodes.BadIdentityTokenInvalid)
        return raw.decode()
    except (KeyError, ValueError, struct.error) as error:
        raise UaStatusCodeError(ua.StatusCodes.BadIdentityTokenInvalid) from error
