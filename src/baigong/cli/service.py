"""``baigong service``: the platform as a systemd unit, for one user or for the machine; it survives a reboot."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from baigong.vocab.errors import FixConfiguration

_TIMEOUT_S = 90


@dataclass(slots=True, frozen=True, kw_only=True)
class Service:
    """``account``: who runs a system service; a user's service runs as its user."""

    data: Path
    name: str = "baigong"
    system: bool = False
    account: str = ""
    options: list[str] = field(default_factory=list)  # more arguments of ``up``

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
ProtectSystem=strict
ReadWritePaths={_path(data)}
PrivateTmp=true
ProtectKernelTunables=true
ProtectControlGroups=true
""" if service.system else ""  # fmt: skip
    target = "multi-user.target" if service.system else "default.target"
    # KillMode=mixed: the platform itself stops its children, in good order, flushed.
    return f"""[Unit]
Description=Baigong industrial internet platform
Wants=network-online.target
After=network-online.target time-sync.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={command}
Restart=always
RestartSec=2
KillMode=mixed
TimeoutStopSec=60
LimitNOFILE=65536
UMask=0077
NoNewPrivileges=true
{only_system}
[Install]
WantedBy={target}
"""


def _quoted(word: str) -> str:
    # systemd.service(5): C-style quotes; % and $ would be replaced
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{plain}"' if plain != word or not word or any(c.isspace() or c in "';" for c in word) else word


def _path(path: Path) -> str:
    # a path setting takes quotes, too
    return _quoted(str(path))


def install(service: Service, *, start: bool = True) -> list[str]:
    """Write the unit, enable and start it; returns what was done. Raises config.invalid without systemd."""
    _needs_systemd(service)
    service.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    done = []
    if service.system:
        shutil.chown(service.data, service.account)
    service.path.parent.mkdir(parents=True, exist_ok=True)
    try:
        service.path.write_text(unit_text(service))
    except PermissionError as error:
        raise FixConfiguration(
            "config.invalid", "only root may install for the machine", place=str(service.path)
        ) from error
    done.append(f"wrote {service.path}")
    _systemctl(service, "daemon-reload")
    _systemctl(service, "enable", *(["--now"] if start else []), service.unit)
    done.append("enabled and started" if start else "enabled")
    if not service.system:
        # without it a user's services end at sign-out and wait for the next sign-in
        _run(["loginctl", "enable-linger", getpass.getuser()])
        done.append("runs without anybody signed in")
    return done


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
        service, "show", service.unit, "-p", "ActiveState,SubState,UnitFileState,MainPID,NRestarts,ActiveEnterTimestamp"
    )
    facts = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    return {
        "installed": str(service.path),
        "state": f"{facts.get('ActiveState', '?')} ({facts.get('SubState', '?')})",
        "at boot": facts.get("UnitFileState", "?"),
        "process": facts.get("MainPID", "0"),
        "restarts": facts.get("NRestarts", "0"),
        "since": facts.get("ActiveEnterTimestamp", ""),
    }


def _needs_systemd(service: Service) -> None:
    if shutil.which("systemctl") is None or not Path("/run/systemd/system").is_dir():
        raise FixConfiguration(
            "config.invalid", "systemd does not run this machine; --print shows the unit", place=str(service.path)
        )


def _systemctl(service: Service, *arguments: str) -> str:
    return _run(["systemctl", *([] if service.system else ["--user"]), *arguments])


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True)
    except subprocess.CalledProcessError as error:
        raise FixConfiguration("config.invalid", error.stderr.strip() or str(error), place=" ".join(command)) from error
    except (OSError, subprocess.SubprocessError) as error:
        raise FixConfiguration("config.invalid", str(error), place=" ".join(command)) from error
    return done.stdout
