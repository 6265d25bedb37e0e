"""asyncua's and the server's errors → ours, by what the reader must do."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager

from asyncua import ua
from asyncua.crypto.uacrypto import InvalidSignature

from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater

S = ua.StatusCodes
_CREDENTIALS = {
    S.BadUserAccessDenied,
    S.BadIdentityTokenInvalid,
    S.BadIdentityTokenRejected,
    S.BadUserSignatureInvalid,
    S.BadNoValidCertificates,
}
_CERTIFICATE = {
    S.BadSecurityChecksFailed,
    S.BadCertificateInvalid,
    S.BadCertificateUntrusted,
    S.BadCertificateTimeInvalid,
    S.BadCertificateIssuerTimeInvalid,
    S.BadCertificateHostNameInvalid,
    S.BadCertificateUriInvalid,
    S.BadCertificateUseNotAllowed,
    S.BadCertificateIssuerUseNotAllowed,
    S.BadCertificateRevocationUnknown,
    S.BadCertificateIssuerRevocationUnknown,
    S.BadCertificateRevoked,
    S.BadCertificateIssuerRevoked,
    S.BadCertificateChainIncomplete,
    S.BadCertificatePolicyCheckFailed,
    S.BadApplicationSignatureInvalid,
    S.BadNonceInvalid,
}
_OPTION = {S.BadSecurityPolicyRejected, S.BadSecurityModeRejected, S.BadSecurityModeInsufficient}
_GONE = {
    S.BadConnectionClosed,
    S.BadConnectionRejected,
    S.BadCommunicationError,
    S.BadNotConnected,
    S.BadSecureChannelClosed,
    S.BadSecureChannelIdInvalid,
    S.BadSecureChannelTokenUnknown,
    S.BadServerHalted,
    S.BadServerNotConnected,
    S.BadSessionClosed,
    S.BadSessionIdInvalid,
    S.BadSessionNotActivated,
    S.BadShutdown,
    S.BadMaxConnectionsReached,
    S.BadTooManySessions,
    S.BadNoSubscription,
    S.BadSubscriptionIdInvalid,
    S.BadTcpServerTooBusy,
    S.BadTcpEndpointUrlInvalid,
    S.BadOutOfMemory,
    S.BadResourceUnavailable,
}
# What decoding a broken message may raise; asyncua asserts that an answer to OpenSecureChannel was understood.
BROKEN = (struct.error, ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError, AssertionError)
ALL = (ua.UaError, OSError, TimeoutError, InvalidSignature, *BROKEN)
TRUST_US = (
    "move it from rejected to trusted over there (Kepware: OPC UA Configuration, tab Trusted Clients), "
    "and the next attempt comes in"
)


def is_gone(code: int) -> bool:
    """Say whether a status code means that the session or its subscriptions no longer exist."""
    return code in _GONE


def translate(error: Exception, place: str, doing: str) -> BaigongError:
    """Map one foreign exception; ``doing`` completes "… while"."""
    if isinstance(error, BaigongError):
        return error
    if isinstance(error, ua.UaStatusCodeError):
        return _status(error, place, doing)
    if isinstance(error, TimeoutError):
        return RetryLater("driver.timeout", f"no answer while {doing}", place=place)
    if isinstance(error, OSError):
        why = error.strerror or str(error) or type(error).__name__
        return RetryLater("driver.unreachable", f"{why} while {doing}", place=place)
    return RetryLater("driver.protocol", f"{type(error).__name__} while {doing}: {error}", place=place)


def _status(error: ua.UaStatusCodeError, place: str, doing: str) -> BaigongError:
    code = int(error.code)
    name = ua.StatusCode(code).name
    if code in _CREDENTIALS:
        return FixConfiguration("driver.credentials", f"the server refuses the user while {doing}: {name}", place=place)
    if code in _CERTIFICATE:
        return FixConfiguration(
            "driver.certificate", f"the server does not accept our certificate ({name}): {TRUST_US}", place=place
        )
    if code in _OPTION:
        return FixConfiguration("driver.option", f"the server refuses this security: {name}", place="security_policy")
    if code in (S.BadTimeout, S.BadRequestTimeout):
        return RetryLater("driver.timeout", f"{name} while {doing}", place=place)
    if code in _GONE:
        return RetryLater("driver.unreachable", f"{name} while {doing}", place=place)
    return RetryLater("driver.protocol", f"the server answers {name} while {doing}", place=place)


@contextmanager
def translated(place: str, doing: str) -> Iterator[None]:
    """Raise our errors instead of foreign ones; cancellation and our own pass."""
    try:
        yield
    except BaigongError:
        raise
    except ALL as error:
        raise translate(error, place, doing) from error
