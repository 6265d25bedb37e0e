"""``baigong service``: the platform as a systemd unit, for one user or for the machine; it survives a reboot."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from baigong.cli.service_account import prepare
from baigong.registry.sealing import SEALED_WITH, write_keys
from baigong.security.envelope import new_envelope_key
from baigong.vocab.errors import FixConfiguration, RetryLater

_TIMEOUT_S = 90
_SAID_LAST = 6  # lines of the journal that go with a start that failed


@dataclass(slots=True, frozen=True, kw_only=True)
class Service:
    """``account``: who runs a system service; a user's service runs as its user."""

    data: Path
    name: str = "baigong"
    system: bool = False
    account: str = ""
    options: list[str] = field(default_factory=list)  # more arguments of ``up``
    key: Path | None = None  # of stored secrets, where it is not in the data folder

    @property
    def unit(self) -> str:
        return f"{self.name}.service"

    @property
    def path(self) -> Path:
        if self.system:
            return Path("/etc/systemd/system") / self.unit
        home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        return Path(home) / "systemd" / "user" / self.unit


def program() -> list[str]:
    """Return the command that starts us: the bundle's launcher, or this Python."""
    launcher = os.environ.get("BAIGONG_LAUNCHER")
    return [launcher] if launcher else [sys.executable, "-m", "baigong.cli.main"]


def unit_text(service: Service) -> str:
    """Write the unit."""
    data = service.data.absolute()
    command = " ".join(_quoted(word) for word in [*program(), "up", "--data", str(data), *service.options])
    only_system = f"""User={service.account}
{_key(service)}ProtectSystem=strict
ReadWritePaths={_path(data)}
PrivateTmp=true
ProtectKernelTunables=true
ProtectControlGroups=true
""" if service.system else _key(service)  # fmt: skip
    target = "multi-user.target" if service.system else "default.target"
    # Type=notify: started is what answers. A start may take long (a large folder after a power cut): no limit kills it.
    # KillMode=mixed: the platform itself stops its children, in good order, flushed.
    # OOMPolicy=continue: when a query takes all memory it is the query that ends, and not the platform with it.
    return f"""[Unit]
Description=Baigong industrial internet platform
Wants=network-online.target
After=network-online.target time-sync.target
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={command}
Restart=always
RestartSec=2
TimeoutStartSec=infinity
KillMode=mixed
OOMPolicy=continue
TimeoutStopSec=60
LimitNOFILE=65536
UMask=0077
NoNewPrivileges=true
{only_system}
[Install]
WantedBy={target}
"""


def _quoted(word: str, dollar: str = "$$") -> str:
    # systemd.service(5): C-style quotes; % would be replaced everywhere, $ in commands
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", dollar)
    return f'"{plain}"' if plain != word or not word or any(c.isspace() or c in "';" for c in word) else word


def _key(service: Service) -> str:
    if service.key is None:
        return ""
    if service.system:  # systemd reads it as root: the account itself cannot. This path knows no quotes.
        return f"LoadCredential=baigong.key:{str(service.key).replace('%', '%%')}\n"
    return f"Environment={_quoted(f'BAIGONG_KEY_FILE={service.key}', '$')}\n"


def _path(path: Path) -> str:
    # a path setting takes quotes, too
    return _quoted(str(path), "$")


def install(service: Service, *, start: bool = True) -> list[str]:
    """Write the unit, enable and start it; returns what was done.

    Raises config.invalid without systemd or when it does not start, with what it said last.
    """
    _needs_systemd(service)
    done = prepare(service.account, service.data.absolute(), program()) if service.system else []
    service.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if service.key is not None and not service.key.exists() and not (service.data / SEALED_WITH).exists():
        write_keys(service.key, [new_envelope_key()])
        done.append(f"made the key of stored secrets, {service.key}: keep a copy elsewhere")
    service.path.parent.mkdir(parents=True, exist_ok=True)
    service.path.write_text(unit_text(service))
    done.append(f"wrote {service.path}")
    _systemctl(service, "daemon-reload")
    _systemctl(service, "enable", service.unit)
    done.append("enabled: it starts with the machine")
    if not service.system:
        # without it a user's services end at sign-out and wait for the next sign-in
        _run(["loginctl", "enable-linger", getpass.getuser()])
        done.append("runs without anybody signed in")
    if start:
        done.append(_started(service))
    return done


def _started(service: Service) -> str:
    """Start it, or start it anew with the unit as it is now; returns when it answers."""
    try:
        _systemctl(service, "restart", service.unit)
    except RetryLater:
        return f"it is still starting after {_TIMEOUT_S} s: {_journal(service)}"
    except FixConfiguration as error:
        told = _run([*_journal(service).split(), "--no-pager", "--output=cat", f"--lines={_SAID_LAST}"], must=False)
        said = " / ".join(line.strip() for line in told.splitlines() if "systemd" not in line and line.strip())
        raise FixConfiguration(
            "config.invalid", f"installed, but it does not start, and tries on: {said or error.message}",
            place=_journal(service),
        ) from error  # fmt: skip
    return "started: it answers"


def _journal(service: Service) -> str:
    return f"journalctl {'' if service.system else '--user '}--unit {service.unit}"


def uninstall(service: Service) -> list[str]:
    """Stop, disable and remove the unit; the data stay."""
    if not service.path.exists():
        raise FixConfiguration("config.invalid", f"{service.unit} is not installed", place=str(service.path))
    _needs_systemd(service)
    _systemctl(service, "disable", "--now", service.unit)
    service.path.unlink()
    _systemctl(service, "daemon-reload")
    return [f"removed {service.path}", "the data stay where they are"]


def status(service: Service) -> dict[str, str]:
    """Say whether it is installed, enabled and running."""
    if not service.path.exists():
        return {"installed": "no"}
    _needs_systemd(service)
    shown = _systemctl(
        service, "show", service.unit, "-p",
        "ActiveState,SubState,UnitFileState,MainPID,NRestarts,ActiveEnterTimestamp,StatusText",
    )  # fmt: skip
    facts = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    return {
        "installed": str(service.path),
        "state": f"{facts.get('ActiveState', '?')} ({facts.get('SubState', '?')})",
        "at boot": facts.get("UnitFileState", "?"),
        "process": facts.get("MainPID", "0"),
        "restarts": facts.get("NRestarts", "0"),
        "since": facts.get("ActiveEnterTimestamp", ""),
        "says": facts.get("StatusText", ""),
        "log": _journal(service),
    }


def _needs_systemd(service: Service) -> None:
    if shutil.which("systemctl") is None or not Path("/run/systemd/system").is_dir():
        raise FixConfiguration(
            "config.invalid", "systemd does not run this machine; --print shows the unit", place=str(service.path)
        )


def _systemctl(service: Service, *arguments: str) -> str:
    return _run(["systemctl", *([] if service.system else ["--user"]), *arguments])


def _run(command: list[str], *, must: bool = True) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=must)
    except subprocess.CalledProcessError as error:
        raise FixConfiguration("config.invalid", error.stderr.strip() or str(error), place=" ".join(command)) from error
    except subprocess.TimeoutExpired as error:
        raise RetryLater("platform.down", str(error), place=" ".join(command)) from error
    except OSError as error:
        raise FixConfiguration("config.invalid", str(error), place=" ".join(command)) from error
    return done.stdout
