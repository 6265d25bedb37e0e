"""The demo plant's screens name what there is, and are kept in the one form that texts of screens have."""

from __future__ import annotations

from importlib.resources import files

from baigong.plant.assets import plant_assets
from baigong.plant.catalogue import signals
from baigong.plant.screens import plant_screens
from baigong.registry.screencheck import Known, findings
from baigong.vocab.screens import written


def test_screens_name_what_the_plant_has() -> None:
    known = Known(
        points={signal.name for signal in signals()},
        assets={spec.asset for spec in plant_assets()},
        screens={screen.screen for screen in plant_screens()},
        pictures=(),
    )
    for screen in plant_screens():
        text = files("baigong.plant").joinpath(f"{screen.screen}.yaml").read_text(encoding="utf-8")
        assert text == written(screen)
        assert findings(screen, text, {}, known) == []
        assert screen.title and screen.title_zh
        kinds = {item.what for item in screen.items}
        assert {"tank", "pump", "valve", "pipe", "trend", "value"} <= kinds
        assert all(item.text_zh for item in screen.items if item.what in ("text", "value"))
