"""Where each gateway may connect to: a text a gateway, written by the operator, told to the gateway that asks."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

import msgspec

from baigong.bus.contract import Bus, Message
from baigong.bus.subjects import asker
from baigong.registry.gateways import Gateways
from baigong.stores.records import ALL, Records, access
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.ids import gateway_id
from baigong.vocab.networks import Networks, Told, Verdict, endpoint, parse_networks, refused

_PREFIX = "networks/"


class NetworkTexts:
    """``own``: the company that the platform itself, and so every gateway without companies of its own, belongs to."""

    def __init__(self, records: Records, gateways: Gateways, own: str) -> None:
        self._records = records
        self._gateways = gateways
        self._own = own
        self._texts: dict[str, str] = {}

    async def load(self) -> None:
        found = await self._records.read(lambda c: access.settings_of(c, _PREFIX), tenant=ALL)
        self._texts = {name.removeprefix(_PREFIX): text for name, text in found.items()}

    def text(self, gateway: str) -> str:
        return self._texts.get(gateway, "")

    def named(self) -> list[str]:
        """List the gateways of which something is said."""
        return sorted(gateway for gateway, text in self._texts.items() if text)

    async def put(self, gateway: str, text: str) -> Networks:
        """Set a gateway's text; it follows within seconds. Raises config.invalid, id.invalid."""
        name, told = gateway_id(gateway), parse_networks(text)
        await self._records.write(lambda c: access.put_setting(c, f"{_PREFIX}{name}", text), tenant=ALL)
        self._texts[name] = text
        return told

    def own(self, gateway: str) -> list[str]:
        """A gateway of one company belongs to it; of several, to none; of all, to the platform's own."""
        only = self._gateways.only(gateway)
        if only is None:
            return [self._own]
        return sorted(only) if len(only) == 1 else []

    def told(self, gateway: str) -> Told:
        """What the gateway needs: of the companies it serves."""
        held, only = _parsed(self.text(gateway)), self._gateways.only(gateway)
        if only is not None:
            companies = {name: said for name, said in held.companies.items() if name in (*only, "*")}
            held = msgspec.structs.replace(held, companies=companies)
        return Told(own=self.own(gateway), networks=held)

    def check(self, tenant: str, spec: DeviceSpec) -> None:
        """Raise driver.network for a device whose file names an address that its gateway will refuse.

        Names and the gateway's own addresses beyond loopback are judged by the gateway, when it connects.
        """
        host, port = endpoint(spec.options)
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return
        if not Verdict(self.told(spec.gateway)).permits(tenant, host, lambda address: False):
            raise refused(f"{host}:{port}" if port else host)


_parsed = lru_cache(1000)(parse_networks)  # gateways ask every few seconds; nobody changes what it returns


async def serve_networks(bus: Bus, networks: NetworkTexts) -> None:
    """Answer ``registry.networks.<gateway>``."""

    async def told(message: Message) -> bytes:
        return msgspec.json.encode(networks.told(asker(message.subject)))

    await bus.serve("registry.networks.*", told)
