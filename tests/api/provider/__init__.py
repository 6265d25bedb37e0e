"""A real OpenID provider in a process of its own."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2 as httpx

from tools.console import node_environment

HERE = Path(__file__).parent
ACCOUNTS: dict[str, dict[str, Any]] = {
    "wang": {"email": "wang@mould.example", "email_verified": True, "name": "王维修", "groups": ["shift-leaders"]},
    "li": {"email": "li@mould.example", "email_verified": True, "name": "Li", "groups": ["it"]},
    "zhao": {"email": "zhao@mould.example", "email_verified": False, "name": "Zhao", "groups": ["it"]},
    "eve": {"email": "eve@elsewhere.example", "email_verified": True, "name": "Eve", "groups": ["it"]},
    "guest": {"email": "guest@mould.example", "email_verified": True, "name": "Guest", "groups": []},
}
CLIENT, SECRET = "baigong", "a secret of the test"


def install(folder: Path) -> dict[str, str]:
    """Install what provider.mjs imports into ``folder``, as the lock file says; returns node's environment."""
    environment = node_environment()
    for name in ("package.json", "package-lock.json", "provider.mjs"):
        shutil.copy(HERE / name, folder / name)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--no-progress"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    return environment


@contextmanager
def provider(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run the provider installed in ``folder``; yields its issuer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    client = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "application_type": "native",  # RFC 8252 7.3: at loopback any port will do, as tests need it
        "redirect_uris": [
            f"http://{host}/api/v1/sign-in/{where}/callback"
            for host in ("127.0.0.1", "localhost")
            for where in ("main/works", "main/other", "bank/works", "demo/works")
        ],
        "post_logout_redirect_uris": ["http://127.0.0.1/"],
        "token_endpoint_auth_method": "client_secret_basic",
    }
    told = json.dumps({"clients": [client], "accounts": ACCOUNTS})
    command = ["node", "provider.mjs", str(port), told]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            said = [line for line in iter(process.stdout.readline, "ready\n") if line or process.poll() is None]
            assert process.poll() is None, "".join(said)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


async def sign_in_there(url: str, account: str, *, mfa: bool = False) -> str:
    """Do what a person does at the provider; returns the address at which they come back to us."""
    async with httpx.AsyncClient(trust_env=False) as person:
        answer = await person.get(url)
        for _ in range(12):
            if answer.status_code not in (302, 303):
                break
            url = urljoin(url, answer.headers["location"])
            if urlsplit(url).path.startswith("/api/v1/"):
                return url
            answer = await person.get(url)
            if answer.status_code == 200 and "<form" in answer.text:
                answer = await person.post(url, data={"login": account} | ({"mfa": "1"} if mfa else {}))
        said = re.sub(r"<[^>]+>", " ", answer.text)
        raise AssertionError(f"{url} answers {answer.status_code}: {said[:300]}")
