"""Proves on a real Debian 12 under systemd that an installed service outlives reboot, power cut and crash.

    make wheel && sudo .venv/bin/python -m tools.reboot              # the wheel, in a virtual environment
    sudo .venv/bin/python -m tools.reboot --bundle baigong.tar.gz    # the archive, on a Debian without Python

Needs root, debootstrap and systemd-container. The machine is made once, and has no network when it runs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

_BASE = "systemd,systemd-sysv,dbus,libpam-systemd,libstdc++6,procps"
_LANDLOCK = "--system-call-filter=landlock_create_ruleset landlock_add_rule landlock_restrict_self"
_NSPAWN = ("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network")
_DATA = "/var/lib/baigong"
_WAIT_S = 120
_ROWS = 500  # values of each round, in ten requests: each was answered, so each must be there afterwards
_ASK = f"""
import sys, time
from pathlib import Path
from baigong.client.link import Link, find_server
first = int(sys.argv[2]) * {_ROWS}
with Link(*find_server(None, None, Path(sys.argv[1])), 60.0) as link:
    for start in range(first, first + {_ROWS}, {_ROWS // 10}):
        times = [(n, f"2026-01-01T00:00:00.{{n:06d}}Z") for n in range(start, start + {_ROWS // 10})]
        rows = [{{"point": "boot.count", "value": n, "time": time}} for n, time in times]
        link.json("POST", "/ingest", body={{"values": rows}})
    sql = "select count(*), count(distinct value) from telemetry where name = 'boot.count'"
    for _ in range(50):  # what was accepted is visible a moment later
        seen = [column[0].as_py() for column in link.arrow("POST", "/sql", body={{"sql": sql}}).columns]
        if seen[0] >= first + {_ROWS}:
            break
        time.sleep(0.1)
    print(*seen)
    print(*sorted(p["name"] for p in link.json("GET", "/system")["processes"] if p["state"] == "running"))
"""


class Machine:
    """A Debian in a folder, booted by its own systemd; ``run`` runs a command inside."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._process: subprocess.Popen[bytes] | None = None

    def boot(self) -> float:
        began = time.monotonic()
        log = (self.root.parent / f"{self.root.name}.log").open("ab")
        command = [*_NSPAWN, _LANDLOCK, "--boot", f"--directory={self.root}"]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while self.run("systemctl is-system-running --wait", must=False).strip() not in ("running", "degraded"):
            if time.monotonic() - began > _WAIT_S or self._process.poll() is not None:
                raise SystemExit(f"it does not boot: {log.name}")
            time.sleep(0.2)
        return time.monotonic() - began

    def first(self) -> str:
        assert self._process is not None
        return Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().strip()

    def run(self, command: str, *, must: bool = True) -> str:
        inside = [
            "nsenter",
            "--target",
            self.first() or "0",
            "--all",
            "env",
            "-i",
            "PATH=/usr/sbin:/usr/bin",
            "LANG=C.UTF-8",
        ]
        done = subprocess.run([*inside, "sh", "-c", command], capture_output=True, text=True, check=False)
        if must and done.returncode:
            raise SystemExit(f"{command}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def reboot(self) -> None:
        self.run("systemctl reboot", must=False)
        self._gone()

    def cut(self) -> None:
        """Kill every process at once, as a power cut does; what the kernel holds reaches the disk all the same."""
        os.kill(int(self.first()), signal.SIGKILL)
        self._gone()

    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _gone(self) -> None:
        if self._process is not None:
            self._process.wait(_WAIT_S)


def made(root: Path, bundle: Path | None) -> str:
    """Make the machine's folder, put Baigong in; returns the command that starts it."""
    packages = _BASE if bundle else f"{_BASE},python3-venv"
    if not (root / "etc/debian_version").exists():
        _sh("debootstrap", "--variant=minbase", f"--include={packages}", "bookworm", str(root))
    for old in ("opt", _DATA[1:], "var/log/journal"):
        shutil.rmtree(root / old, ignore_errors=True)
    for new in ("opt", "var/log/journal"):  # a folder there: the log is kept from boot to boot
        (root / new).mkdir()
    (root / "etc/systemd/system/baigong.service").unlink(missing_ok=True)
    if bundle:
        _sh("tar", "-xzf", str(bundle), "-C", str(root / "opt"))
        return "/opt/baigong/bin/baigong"
    wheels = root.parent / "wheels"
    (wheel,) = Path("dist").glob("baigong-*.whl")
    _sh(sys.executable, "-m", "pip", "download", "-q", "-d", str(wheels), "-r", "requirements.lock", "--no-deps")
    bind = [f"--bind-ro={wheels.absolute()}:/wheels", f"--bind-ro={wheel.absolute()}:/{wheel.name}"]
    get = (
        f"python3 -m venv /opt/baigong && /opt/baigong/bin/pip install -q --no-index --find-links /wheels /{wheel.name}"
    )
    _sh(*_NSPAWN, *bind, "--pipe", f"--directory={root}", "sh", "-c", get)
    return "/opt/baigong/bin/baigong"


def _sh(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def checked(machine: Machine, number: int, what: str) -> None:
    """The service runs by itself, with all its processes and every value of the rounds before; stores another round."""
    wait = f"timeout {_WAIT_S} sh -c 'until systemctl is-active -q baigong; do sleep 0.2; done'"
    machine.run(wait)
    asked = ["nsenter", "--target", machine.first(), "--net", sys.executable, "-c", _ASK]
    done = subprocess.run([*asked, str(machine.root / _DATA[1:]), str(number)], capture_output=True, text=True)
    said, processes = [*done.stdout.splitlines(), "", ""][:2]
    wanted = (number + 1) * _ROWS
    if said != f"{wanted} {wanted}" or processes != "gateway nats-server platform":
        raise SystemExit(f"{what}: {said!r} of {wanted} values; running: {processes!r} {done.stderr}")
    since = machine.run("systemctl show baigong -p NRestarts --value").strip()
    print(f"good  {what}: {wanted} of {wanted} values, {processes} run; restarts {since}", flush=True)


def _run_on_memory() -> None:
    """Begin again with /run/systemd in memory, where the host has it on disk: systemd-nspawn insists."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", "/run"], capture_output=True, text=True, check=True).stdout.strip()
    if kind != "tmpfs" and "BAIGONG_RUN_ON_MEMORY" not in os.environ:
        again = 'mkdir -p /run/systemd && mount -t tmpfs tmpfs /run/systemd && exec "$@"'
        os.environ["BAIGONG_RUN_ON_MEMORY"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "sh", "-c", again, "sh", *sys.orig_argv])


def main() -> None:
    """Install, then reboot, cut the power, crash, stop and start; exits with what went wrong first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, help="what `baigong bundle` wrote")
    parser.add_argument("--folder", type=Path, default=Path("build/reboot"), help="where the machines lie")
    asked = parser.parse_args()
    _run_on_memory()
    bundle = asked.bundle
    asked.folder.mkdir(parents=True, exist_ok=True)
    machine = Machine(asked.folder.absolute() / ("bare" if bundle else "python"))
    program = made(machine.root, bundle)
    try:
        print(f"booted in {machine.boot():.1f} s", flush=True)
        print(machine.run(f"{program} service install --data {_DATA} --run-as baigong"), end="")
        checked(machine, 0, "installed")
        machine.reboot()
        machine.boot()
        checked(machine, 1, "after systemctl reboot")
        machine.cut()
        machine.boot()
        checked(machine, 2, "after kill -9 of the whole machine")
        machine.run(
            "kill -9 $(systemctl show baigong -p MainPID --value); while systemctl is-active -q baigong; do :; done"
        )
        checked(machine, 3, "after kill -9 of the platform")
        machine.run("systemctl stop baigong && systemctl start baigong")
        checked(machine, 4, "after stop and start")
        print(machine.run(f"{program} doctor --data {_DATA}"), end="")
        print(
            machine.run("journalctl -u baigong --no-pager -o cat | grep -c 'nothing accepted is lost'").strip(),
            "orderly ends",
        )
    finally:
        if machine.runs():
            machine.cut()


if __name__ == "__main__":
    main()
