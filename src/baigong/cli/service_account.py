"""Who a system service runs as: the account is there, owns the data folder, and can run the program."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

from baigong.cli.place import is_running
from baigong.vocab.errors import FixConfiguration

_NO_SHELL = "/usr/sbin/nologin"
_TIMEOUT_S = 60


def prepare(account: str, data: Path, program: list[str]) -> list[str]:
    """Make account and folder fit for a service; returns what was done. Raises config.invalid where they cannot be."""
    if os.geteuid() != 0:
        raise FixConfiguration("config.invalid", "only root may install for the machine; or install with --user")
    done = []
    try:
        who = pwd.getpwnam(account)
    except KeyError:
        who = _made(account, data)
        done.append(f"made the account {account}: nobody can sign in as it")
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    given = _given(data, who)
    if given > 1:
        done.append(f"{given} files in {data} belong to {account} now")
    _check(who, ["test", "-w", str(data)], f"{account} cannot reach the data folder: choose one below /var/lib", data)
    _check(
        who,
        [*program, "version"],
        f"{account} cannot run this program where it is: install it where all may read it, such as /opt",
        Path(program[0]),
    )
    return done


def _made(account: str, home: Path) -> pwd.struct_passwd:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", str(home)]
    made = subprocess.run(
        [*command, "--shell", _NO_SHELL, "--", account],
        capture_output=True, text=True, timeout=_TIMEOUT_S, check=False,
    )  # fmt: skip
    if made.returncode:
        raise FixConfiguration("config.invalid", f"no such account, and none can be made: {made.stderr.strip()}")
    return pwd.getpwnam(account)


def _given(data: Path, who: pwd.struct_passwd) -> int:
    """Give the account what another one wrote, as root does who tries the platform before installing it."""
    others = [path for path in (data, *data.rglob("*")) if path.lstat().st_uid != who.pw_uid]
    if len(others) > 1 and is_running(data):
        raise FixConfiguration("storage.locked", "a platform of another account runs on this folder", place=str(data))
    for path in others:
        os.chown(path, who.pw_uid, who.pw_gid, follow_symlinks=False)
    return len(others)


def _check(who: pwd.struct_passwd, command: list[str], problem: str, place: Path) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, cwd="/",
            user=who.pw_uid, group=who.pw_gid, extra_groups=os.getgrouplist(who.pw_name, who.pw_gid),
        )  # fmt: skip
    except PermissionError as error:
        raise FixConfiguration("config.invalid", problem, place=str(place)) from error
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or [""]
        raise FixConfiguration("config.invalid", f"{problem} {said[0]}".strip(), place=str(place))
