"""The Asset Administration Shell (IEC 63278-1; IDTA-01001 and 01005, v3.1 and 3.0), pure: bytes in, JSON out.

`read` a file, `check` it, `accept` what breaks no rule, `write` it again; `as_3_0` for partners who know only 3.0. An
environment is kept as plain canonical JSON, one value for each shell, submodel and concept description, judged once at
the door (`admit` does so for one of them), so that serving it costs no more than sending bytes.
"""

from baigong.models.aas.checking import admit, check, judge
from baigong.models.aas.environment import Attachment, Environment, Form, Package, Version
from baigong.models.aas.findings import Finding, errors
from baigong.models.aas.forms import MEDIA, accept, form_of, read, write
from baigong.models.aas.limits import Limits
from baigong.models.aas.older import Change, as_3_0
from baigong.models.aas.paths import elements, locate

__all__ = [
    "MEDIA",
    "Attachment",
    "Change",
    "Environment",
    "Finding",
    "Form",
    "Limits",
    "Package",
    "Version",
    "accept",
    "admit",
    "as_3_0",
    "check",
    "elements",
    "errors",
    "form_of",
    "judge",
    "locate",
    "read",
    "write",
]
