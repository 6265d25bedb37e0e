from __future__ import annotations

import pytest

from baigong.security.passwords import check_new_password, hash_password, one_time_secret, verify_password
from baigong.security.tokens import digest, new_token, same, sign
from baigong.vocab.errors import FixConfiguration


def test_a_password_is_proven_and_nothing_else_is() -> None:
    encoded = hash_password("百工 pump station")
    assert encoded.startswith("$argon2id$") and "pump" not in encoded
    assert verify_password(encoded, "百工 pump station")
    for wrong in ("", "百工 pump statio", "x" * 5000):
        assert not verify_password(encoded, wrong)
    for broken in ("", "$argon2id$", "plain", encoded[:-5]):
        assert not verify_password(broken, "百工 pump station")


@pytest.mark.parametrize("bad", ["short", "a" * 20, "abcabcabc", "Admin-Admin", "x1y2" * 300])
def test_passwords_that_anybody_would_try_are_refused(bad: str) -> None:
    with pytest.raises(FixConfiguration) as caught:
        check_new_password(bad, "admin-admin")
    assert caught.value.place == "password"


def test_a_sentence_is_welcome() -> None:
    check_new_password("the pump hums at night", "admin")


def test_secrets_differ_and_only_their_digest_need_be_kept() -> None:
    made = {one_time_secret() for _ in range(50)} | {new_token("t") for _ in range(50)}
    assert len(made) == 100
    token = new_token("bgt")
    assert digest(token) == digest(token) and token not in digest(token) and len(digest(token)) == 64
    assert same("a", "a") and not same("a", "b")
    assert sign("key", "text") != sign("other", "text")
