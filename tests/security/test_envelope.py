"""An envelope opens with its key, at its place, unchanged; and tells nothing otherwise."""

from __future__ import annotations

import pytest

from baigong.security.envelope import close, is_closed, new_envelope_key, open_envelope
from baigong.vocab.errors import BaigongError

KEY = new_envelope_key()


def test_opens_where_it_belongs() -> None:
    sealed = close("密码 s3cret", KEY, "device/press1/password")
    assert is_closed(sealed)
    assert "s3cret" not in sealed
    assert open_envelope(sealed, KEY, "device/press1/password") == "密码 s3cret"
    assert close("密码 s3cret", KEY, "device/press1/password") != sealed, "the same secret does not look the same"


def test_does_not_open_otherwise() -> None:
    sealed = close("s3cret", KEY, "device/press1/password")
    changed = sealed[:-20] + ("A" if sealed[-20] != "A" else "B") + sealed[-19:]
    for text, key, place in (
        (sealed, new_envelope_key(), "device/press1/password"),
        (sealed, KEY, "device/press2/password"),
        (changed, KEY, "device/press1/password"),
        (sealed[:30], KEY, "device/press1/password"),
        ("s3cret", KEY, "device/press1/password"),
        ("", KEY, ""),
    ):
        with pytest.raises(BaigongError) as caught:
            open_envelope(text, key, place)
        assert caught.value.code == "secret.closed"
        assert "s3cret" not in str(caught.value)
