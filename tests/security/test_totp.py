"""The codes of RFC 6238, appendix B (its last six digits), and that none is good twice."""

from __future__ import annotations

import base64

import pytest

from baigong.security.totp import STEP_S, code_at, new_totp_secret, step_of

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("time_s", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_agrees_with_the_standard(time_s: int, code: str) -> None:
    assert code_at(SECRET, time_s // STEP_S) == code
    assert step_of(SECRET, code, time_s) == time_s // STEP_S


def test_a_clock_may_be_off_by_one_step_and_a_code_is_good_once() -> None:
    code = code_at(SECRET, 100)
    assert [step_of(SECRET, code, s * STEP_S) for s in (98, 99, 100, 101, 102)] == [None, 100, 100, 100, None]
    assert step_of(SECRET, code, 100 * STEP_S, after=100) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "２８７０８２", "287 083"])
def test_what_is_no_code_is_none(code: str) -> None:
    assert step_of(SECRET, code, 59) is None


def test_secrets_differ() -> None:
    assert new_totp_secret() != new_totp_secret()
    assert len(base64.b32decode(new_totp_secret())) == 20
