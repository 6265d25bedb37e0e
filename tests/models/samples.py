"""Small environments and packages, right and wrong, made in memory."""

from __future__ import annotations

import io
import zipfile
from typing import Any

NS = "https://admin-shell.io/aas/3/1"


def property_(name: str, value: str = "1", **more: Any) -> dict[str, Any]:
    return {"idShort": name, "valueType": "xs:string", "value": value, "modelType": "Property", **more}


def submodel(*elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    held = {"submodelElements": list(elements)} if elements else {}
    return {"idShort": "Nameplate", "id": "urn:sm:1", **more, **held, "modelType": "Submodel"}


def environment(*submodels: dict[str, Any]) -> dict[str, Any]:
    return {"submodels": list(submodels)}


def xml(body: str, namespace: str = NS, head: str = "") -> bytes:
    return f'{head}<environment xmlns="{namespace}">{body}</environment>'.encode()


ONE_SUBMODEL = "<submodels><submodel><id>urn:sm:1</id></submodel></submodels>"


def zipped(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return made.getvalue()


def relations(*rows: tuple[str, str]) -> bytes:
    inside = "".join(f'<Relationship Type="{t}" Target="{to}" Id="R{i}"/>' for i, (t, to) in enumerate(rows))
    namespace = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{namespace}">{inside}</Relationships>'.encode()


AASX = "http://admin-shell.io/aasx/relationships/"


def package(**changed: bytes | None) -> dict[str, bytes]:
    """Return the parts of a small right package; ``changed`` by name without folders and dots, None takes one out."""
    parts = {
        "types": (
            "[Content_Types].xml",
            b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        ),
        "root": ("_rels/.rels", relations((f"{AASX}aasx-origin", "/aasx/aasx-origin"))),
        "origin": ("aasx/aasx-origin", b""),
        "origin_rels": ("aasx/_rels/aasx-origin.rels", relations((f"{AASX}aas-spec", "/aasx/data.xml"))),
        "spec": ("aasx/data.xml", xml(ONE_SUBMODEL)),
        "spec_rels": ("aasx/_rels/data.xml.rels", relations((f"{AASX}aas-suppl", "/aasx/files/manual.pdf"))),
        "manual": ("aasx/files/manual.pdf", b"%PDF"),
    }
    return {
        name: content for key, (name, default) in parts.items() if (content := changed.get(key, default)) is not None
    }
