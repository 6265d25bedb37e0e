"""How SCADA systems get in by OPC UA: where, whom they have to trust, and what they sign in with."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation


class OpcUaWay(Struct, frozen=True, kw_only=True):
    """``url``: empty where no OPC UA server runs. ``sha256``: of its certificate, to compare on the client's screen.

    ``namespace``: of the company's nodes; ``user``: what to sign in as, with a password, or any name with an API token.
    ``any_client_certificate``: else an application is let in once somebody has trusted its certificate.
    """

    url: str
    sha256: str
    application_uri: str
    namespace: str
    user: str
    policies: list[str]
    any_client_certificate: bool


def operations(rooms: Rooms) -> list[Operation]:
    async def way(call: Call) -> Any:
        state = rooms.settings.opcua()
        if state is None or not state.running:
            return OpcUaWay(
                url="", sha256="", application_uri="", namespace="", user="", policies=[], any_client_certificate=False
            )
        other = f"?tenant={call.tenant}" if call.tenant != call.who.tenant else ""
        return OpcUaWay(
            url=state.url,
            sha256=state.sha256,
            application_uri=state.application_uri,
            namespace=f"urn:baigong:tenant:{call.tenant}",
            user=f"{call.who.user}{other}",
            policies=["Aes256_Sha256_RsaPss", "Aes128_Sha256_RsaOaep", "Basic256Sha256"],
            any_client_certificate=state.any_client_certificate,
        )

    return [Operation("GET", "/opcua", "How SCADA systems get in by OPC UA", way, answer=OpcUaWay)]
