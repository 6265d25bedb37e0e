"""Who works in the demo plant: three shifts, what each person may operate, and until when. All names are invented."""

from __future__ import annotations

from typing import NamedTuple

from baigong.plant.faults import HOUR_US
from baigong.plant.physics.schedule import LOCAL_US
from baigong.vocab.assets import AssetSpec

_SHIFT_US = 8 * HOUR_US
_LASTS = "2031-12-31"


class Worker(NamedTuple):
    person: str
    title: str
    title_zh: str
    code: str
    qualifications: str  # as registry/starter/types/person.yaml has them


_MOULDER = f"injection_moulding {_LASTS}"
_MACHINIST = f"cnc {_LASTS}; crane {_LASTS}"
_HARDENER = f"hardening {_LASTS}"
# by shift (night, morning, late), then by what they work at; feng_jun's paper ran out, he_tao has none for the furnace
CREWS: tuple[dict[str, Worker], ...] = (
    {
        "press": Worker("zhao_lei", "Zhao Lei", "赵磊", "E-101", _MOULDER),
        "cnc": Worker("sun_qiang", "Sun Qiang", "孙强", "E-102", _MACHINIST),
        "furnace": Worker("zhou_ping", "Zhou Ping", "周平", "E-103", _HARDENER),
    },
    {
        "press": Worker("qian_li", "Qian Li", "钱丽", "E-201", _MOULDER),
        "cnc": Worker("wu_gang", "Wu Gang", "吴刚", "E-202", _MACHINIST),
        "furnace": Worker("zheng_hao", "Zheng Hao", "郑浩", "E-203", _HARDENER),
    },
    {
        "press": Worker("feng_jun", "Feng Jun", "冯军", "E-301", "injection_moulding 2025-12-31"),
        "cnc": Worker("han_mei", "Han Mei", "韩梅", "E-302", _MACHINIST),
        "furnace": Worker("he_tao", "He Tao", "何涛", "E-303", f"cnc {_LASTS}"),
    },
)
NEEDS = {"press": "injection_moulding", "cnc": "cnc", "furnace": "hardening"}


def shift_of(time_us: int) -> int:
    """Return 0 for the night shift, 1 for the morning's, 2 for the late one."""
    return (time_us + LOCAL_US) // _SHIFT_US % 3


def workers(place: str, start_us: int, end_us: int) -> list[str]:
    """Name who was at this machine (``press1``: the presses' people) between two times."""
    at = place.rstrip("0123456789")
    shifts = range((start_us + LOCAL_US) // _SHIFT_US, (max(end_us - 1, start_us) + LOCAL_US) // _SHIFT_US + 1)
    return list(dict.fromkeys(CREWS[shift % 3][at].person for shift in shifts))


def crew_assets() -> list[AssetSpec]:
    """Return everybody as an asset of the level person, below the works."""
    return [
        AssetSpec(
            asset=one.person, parent="works", level="person", type="person", code=one.code, title=one.title,
            title_zh=one.title_zh, properties={"shift": ("night", "morning", "late")[shift], "job": at,
                                               "qualifications": one.qualifications},
        )
        for shift, crew in enumerate(CREWS) for at, one in crew.items()
    ]  # fmt: skip
