"""Device files: YAML text that people and git read, written whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import yaml

from baigong.registry.filetext import edited
from baigong.stores.durable import replace_file, replace_files, sync_folder
from baigong.vocab.devices import DeviceSpec, device_yaml, parse_device
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.texts import on_one_line

Stamp = tuple[int, int]  # changes whenever the file does


def device_path(config: Path, tenant: str, device: str) -> Path:
    return config / tenant / "devices" / f"{device}.yaml"


def folders(config: Path) -> dict[str, Path]:
    """Return the folders with device files below ``<data>/config``, by tenant."""
    return {folder.parent.name: folder for folder in sorted(config.glob("*/devices"))}


def scan(folder: Path) -> dict[str, Stamp]:
    """List the device files of one tenant, by device; of a folder that is gone, none."""
    found: dict[str, Stamp] = {}
    try:
        entries = [entry for entry in os.scandir(folder) if entry.name.endswith(".yaml")]
    except (FileNotFoundError, NotADirectoryError):
        return found
    for entry in entries:
        with suppress(FileNotFoundError):  # gone between listing and looking
            status = entry.stat()
            found[entry.name.removesuffix(".yaml")] = (status.st_mtime_ns, status.st_size)
    return found


def digests(folder: Path, devices: Iterable[str]) -> dict[str, str]:
    """Read these files; of one that may not be read the digest is empty: whoever takes it will say so."""
    found = {}
    for device in devices:
        with suppress(FileNotFoundError):
            try:
                found[device] = sha256((folder / f"{device}.yaml").read_bytes()).hexdigest()
            except PermissionError:
                found[device] = ""
    return found


def text_digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def read_text(path: Path) -> str:
    """Read one file; raises config.invalid when it is no UTF-8 text."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise FixConfiguration("config.invalid", f"{path.name} is not UTF-8 text: {error}", place=path.name) from error


def parse_file(text: str, device: str) -> DeviceSpec:
    """Read a device file; its name must say what it holds."""
    spec = parse_device(text)
    if spec.device != device:
        raise FixConfiguration(
            "config.invalid", f"{device}.yaml describes device {spec.device!r}: rename one of the two", place="device"
        )
    return spec


def write_atomically(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Put ``text`` at ``path``: after a power cut either the old or the new text is there, whole.

    Raises storage.full, or config.invalid where writing is not allowed; the old text is there then.
    """
    with _mapped(path.name):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(path, text, mode=mode)


def write_all(texts: Mapping[Path, str]) -> None:
    """The same for many, at the price of few waits for the disk; after a power cut some may be new, others old."""
    with _mapped(f"one of {len(texts)} device files"):
        for folder in {path.parent for path in texts}:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_files(texts)


@contextmanager
def _mapped(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise RetryLater("storage.full", f"{what} cannot be written: {error.strerror}") from error
        raise FixConfiguration("config.invalid", f"{what} cannot be written: {error.strerror}") from error


def remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    if path.parent.is_dir():
        sync_folder(path.parent)


def put_back(before: Mapping[Path, str | None]) -> None:
    """Undo: what was there is there again, what was not is gone."""
    for path, text in before.items():
        if text is None:
            remove(path)
    write_all({path: text for path, text in before.items() if text is not None})


def render(spec: DeviceSpec, previous: str = "") -> str:
    """Write a device as YAML: into the previous text where that can be, else keeping the comment at its head."""
    if previous and (kept := edited(spec, previous)) is not None:
        return kept
    head = []
    for line in previous.splitlines():
        if line.strip() and not line.startswith("#"):
            break
        head.append(line)
    while head and not head[-1].strip():
        head.pop()
    return "\n".join([*head, device_yaml(spec)]) if head else device_yaml(spec)


def with_numbers(text: str, numbers: Mapping[str, int]) -> str | None:
    """Write ``number:`` lines into a hand-written file, leaving all else (comments too) as it is.

    ``numbers``: point name -> number. Returns None when the text is not in block style.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return None
    lines = text.splitlines(keepends=True)
    inserts: list[tuple[int, str]] = []
    for key, listed in root.value:
        if key.value != "points" or not isinstance(listed, yaml.SequenceNode):
            continue
        for node in listed.value:
            if not isinstance(node, yaml.MappingNode) or node.flow_style:
                return None
            found = {k.value: (k, v) for k, v in node.value}
            name = found["name"][1].value
            if name in numbers and "number" not in found:
                at, value = found["name"]
                inserts.append((value.end_mark.line + 1, f"{' ' * at.start_mark.column}number: {numbers[name]}\n"))
    if len(inserts) != len(numbers):
        return None
    for line, addition in sorted(inserts, reverse=True):
        if line > 0 and not lines[line - 1].endswith("\n"):
            lines[line - 1] += "\n"
        lines.insert(line, addition)
    return "".join(lines)


def with_names(text: str, names: Mapping[str, str], asset: Callable[[str], str]) -> str | None:
    """Write other names of points, and of assets that have words, into a file, leaving all else as it is.

    Returns None for a text in which a name is not just written out.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader) if text.strip() else None
    if not isinstance(root, yaml.MappingNode):
        return None
    found: list[tuple[yaml.Node, str]] = []
    for key, held in root.value:
        if key.value == "points" and isinstance(held, yaml.SequenceNode):
            points = [dict((k.value, v) for k, v in one.value) for one in held.value]
            found += [(one["name"], names.get(one["name"].value, one["name"].value)) for one in points]
        elif key.value == "assets" and isinstance(held, yaml.MappingNode):
            found += [(name, asset(name.value)) for name, _ in held.value]
    changed = text
    for node, name in sorted(found, key=lambda pair: -pair[0].start_mark.index):
        start, end = node.start_mark.index, node.end_mark.index
        if name != node.value and text[start:end].strip("'\"") != node.value:
            return None  # an alias, or with escapes
        if name != node.value:
            changed = f"{changed[:start]}{on_one_line(name)}{changed[end:]}"
    return changed


def with_options(text: str, options: Mapping[str, object]) -> str | None:
    """Write other values of some options into a hand-written file, leaving all else (comments too) as it is.

    Only values that are text are written. Returns None when the text is not that simple.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader) if text.strip() else None
    if not isinstance(root, yaml.MappingNode):
        return None
    changed = text
    for key, listed in root.value:
        if key.value != "options" or not isinstance(listed, yaml.MappingNode):
            continue
        for name, value in reversed(listed.value):
            wanted = options.get(name.value)
            if not isinstance(value, yaml.ScalarNode) or not isinstance(wanted, str) or wanted == value.value:
                continue
            if value.style in ("|", ">"):
                return None
            start, end = value.start_mark.index, value.end_mark.index
            changed = f"{changed[:start]}'{wanted.replace(chr(39), chr(39) * 2)}'{changed[end:]}"
    return changed if yaml.safe_load(changed).get("options") == {**yaml.safe_load(text)["options"], **options} else None
