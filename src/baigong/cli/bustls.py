"""TLS to a NATS cluster: what to trust and what to show, named in the environment, so that child processes have it too.

For URLs that begin with tls://; a pass may say itself whom to trust. BAIGONG_NATS_CA: PEM of who signed the servers;
BAIGONG_NATS_CERT and BAIGONG_NATS_KEY: our certificate, where the cluster asks for one; its name is then the user whose
permissions the cluster limits.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping

from baigong.bus.passes import Pass, trust
from baigong.vocab.errors import FixConfiguration


def bus_tls(url: str, by: Pass | None = None, environment: Mapping[str, str] = os.environ) -> ssl.SSLContext | None:
    """Return what the pass or the environment names, else what the system trusts; None for a URL without TLS.

    Raises tls.certificate for files that cannot be used.
    """
    ca, certificate, key = (environment.get(f"BAIGONG_NATS_{name}") for name in ("CA", "CERT", "KEY"))
    if not url.startswith("tls:"):
        return None
    if by is not None and by.ca:
        return trust(by)
    if bool(certificate) != bool(key):
        raise FixConfiguration("config.invalid", "BAIGONG_NATS_CERT and BAIGONG_NATS_KEY belong together")
    try:
        context = ssl.create_default_context(cafile=ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate:
            context.load_cert_chain(certificate, key, password=b"")
    except (OSError, ssl.SSLError) as error:
        raise FixConfiguration("tls.certificate", f"NATS: {error}", place=str(ca or certificate)) from error
    return context
