from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from baigong.security.certificates import make_certificate, read_certificate
from baigong.vocab.errors import FixConfiguration

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def test_what_is_made_is_what_the_standard_asks_for() -> None:
    pair = make_certificate("plant-server", NOW, addresses=["10.0.0.5", "plant-server"])
    for raw in (pair.certificate_der, pair.certificate_pem):
        facts = read_certificate(raw)
        assert facts.application_uri == "urn:plant-server:baigong"
        assert facts.hosts == ["plant-server", "10.0.0.5"]
        assert facts.not_before == NOW - timedelta(days=1)
        assert facts.not_after > NOW + timedelta(days=3650)
        assert len(facts.sha256) == 64
    made = x509.load_der_x509_certificate(pair.certificate_der)
    key = serialization.load_pem_private_key(pair.key_pem, None)
    assert made.public_key() == key.public_key()
    made.verify_directly_issued_by(made)
    usage = made.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature and usage.content_commitment and usage.key_encipherment and usage.data_encipherment
    extended = list(made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert extended == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_two_are_never_alike_and_a_long_host_name_fits() -> None:
    one, two = make_certificate("h" * 63, NOW), make_certificate("h" * 63, NOW)
    assert read_certificate(one.certificate_der).sha256 != read_certificate(two.certificate_der).sha256


@pytest.mark.parametrize("raw", [b"", b"junk", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_anything_else_is_refused(raw: bytes) -> None:
    with pytest.raises(FixConfiguration) as caught:
        read_certificate(raw)
    assert caught.value.code == "driver.certificate"
