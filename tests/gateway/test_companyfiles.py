"""Files of one company on a gateway: its own names, no way to another's and none out of the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from baigong.drivers.manifest import manifest, manifests
from baigong.gateway.companyfiles import CompanyFiles
from baigong.gateway.identity import OwnCertificate
from baigong.vocab.errors import FixConfiguration

URL = {"url": "opc.tcp://x", "security_policy": "Basic256Sha256"}


@pytest.fixture
def files(tmp_path: Path) -> CompanyFiles:
    own = OwnCertificate(tmp_path / "certificates")
    own.ensure()
    (own.servers / "trusted").mkdir()
    (own.servers / "trusted" / "plc_4840.der").write_bytes(b"seen before")
    return CompanyFiles(own, lambda tenant: tenant == "main")


def test_each_company_trusts_for_itself(files: CompanyFiles, tmp_path: Path) -> None:
    claimed = manifest("opcua")
    guest = Path(files.complete(claimed, URL | {"trust_folder": "/etc"}, "mould")["trust_folder"])
    owner = Path(files.complete(claimed, URL, "main")["trust_folder"])
    assert guest == tmp_path / "certificates" / "companies" / "mould" / "servers"
    assert owner != guest
    assert (owner / "trusted" / "plc_4840.der").read_bytes() == b"seen before", "the owner's, of before"
    assert not (guest / "trusted").exists()
    filled = files.complete(claimed, URL, "mould")
    assert filled["private_key"].startswith("-----BEGIN"), "ours, where the company names none"
    claimed.open(filled)
    files.forget("mould")
    assert not guest.exists() and owner.exists()


def test_a_file_is_a_name_in_the_company_s_own_folder(files: CompanyFiles) -> None:
    claimed = manifest("opcua")
    mine, other = files.folder("mould") / "own", files.folder("main") / "own"
    for folder in (mine, other):
        folder.mkdir()
        (folder / "line.der").write_bytes(b"certificate")
    (other / "secret.pem").write_bytes(b"key")
    (mine / "link.pem").symlink_to(other / "secret.pem")
    given = URL | {"certificate": "line.der", "private_key": "line.der"}
    assert files.complete(claimed, given, "mould")["certificate"] == str(mine / "line.der")
    said = set()
    for name in ("/etc/passwd", "/etc/nothing", str(other / "secret.pem"), "../../main/own/secret.pem", "secret.pem",
                 "link.pem", "..", ".", "a/b", "own", "x" * 300, "line.der\0"):  # fmt: skip
        with pytest.raises(FixConfiguration) as caught:
            files.complete(claimed, URL | {"certificate": name, "private_key": "line.der"}, "mould")
        assert caught.value.code == "driver.file"
        said.add(str(caught.value))
    assert len(said) == 1, "the same answer whether there is something or not"


def test_no_option_of_a_driver_of_ours_takes_a_path() -> None:
    named = {(d.id, o.name) for d in manifests().values() for o in d.options if o.file}
    assert named == {("opcua", "certificate"), ("opcua", "private_key"), ("mtconnect", "ca"), ("sql", "file")}
    words = ("file", "folder", "path", "certificate", "key", "ca", "port")
    looks = {(d.id, o.name) for d in manifests().values() for o in d.options
             if o.type == "string" and any(w in o.name.split("_") for w in words)}  # fmt: skip
    # the trust folder is the gateway's whatever stands there; serial ports are judged with the networks
    assert looks - named <= {("opcua", "trust_folder"), ("modbus", "serial_port"), ("dlt645", "serial_port")}
