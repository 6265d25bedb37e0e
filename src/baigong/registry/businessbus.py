"""Takes records that gateways have read: answered when they are on disk, and refused from who may not tell them."""

from __future__ import annotations

import msgspec

from baigong.bus.contract import Bus, Message
from baigong.bus.subjects import asker
from baigong.registry.business import BusinessRecords
from baigong.registry.devices import Devices
from baigong.registry.gateways import Gateways
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.recordwire import decode


async def serve_records(bus: Bus, business: BusinessRecords, devices: Devices, gateways: Gateways) -> None:
    """Serve ``registry.records.<gateway>``."""

    async def take(message: Message) -> bytes:
        gateway = asker(message.subject)
        letter, table = decode(message.payload)
        gateways.require(gateway, letter.tenant)
        row = devices.find(letter.tenant, letter.device)
        if row is None or row.spec.gateway != gateway:
            said = f"{letter.device} is no device of gateway {gateway}"
            raise FixConfiguration("http.not_found", said, place=letter.device)
        part = msgspec.structs.replace(letter.part, source=letter.device, run=f"{letter.device}-{letter.part.run}")
        made = await business.put(letter.tenant, part, table, f"device:{letter.device}")
        return msgspec.json.encode(made)

    await bus.serve("registry.records.*", take)
