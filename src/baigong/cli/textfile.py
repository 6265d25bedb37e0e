"""Texts and files that people name on the command line: read whole, and written whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from baigong.vocab.devices import DeviceSpec, parse_device
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.texts import decoded


def text_of(file: Path) -> str:
    """Read a text that somebody wrote; ``-`` is standard input. Raises config.invalid."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FixConfiguration("config.invalid", f"cannot be read: {error}", place=str(file)) from error


def bytes_of(file: Path) -> bytes:
    """Read a file whole. Raises payload.malformed."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise FixConfiguration("payload.malformed", f"cannot be read: {error}", place=str(file)) from error


def table_text(raw: bytes) -> str:
    """Return what is written in any encoding that Excel writes in China: UTF-8, UTF-16, GB 18030.

    Raises UnicodeDecodeError.
    """
    return decoded(raw, "strict")[0]


def device_in(file: Path) -> DeviceSpec:
    """Read a device file; ``-`` is standard input. Raises config.invalid."""
    text = text_of(file)
    try:
        return parse_device(text)
    except FixConfiguration as error:
        raise FixConfiguration("config.invalid", error.message, place=str(file)) from error


def bounded_text(file: Path, most: int, what: str) -> str:
    """Read a UTF-8 text of at most so many bytes. Raises config.invalid, payload.too_large."""
    try:
        raw = file.read_bytes()
        if len(raw) > most:
            raise FixConfiguration("payload.too_large", f"{what} has at most {most:,} bytes", place=str(file))
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise FixConfiguration("config.invalid", f"cannot be read: {error.strerror}", place=str(file)) from error
    except UnicodeDecodeError as error:
        raise FixConfiguration("config.invalid", "this is no UTF-8 text", place=str(file)) from error


def name_in(text: str, file: Path, field: str) -> str:
    """Return the name that a YAML text says in ``field``, else that of its file. Raises config.invalid."""
    from baigong.vocab.texts import read_yaml

    raw = read_yaml(text, str(file))
    return str(raw[field]) if isinstance(raw, dict) and raw.get(field) else file.stem


def number_of(text: str, place: str) -> float:
    """Read a number. Raises config.invalid."""
    try:
        return float(text)
    except ValueError as error:
        raise FixConfiguration("config.invalid", f"{text!r} is no number", place=place) from error


@contextmanager
def with_line(file: Path) -> Iterator[None]:
    """Let an error that says a line of the text say the file too."""
    try:
        yield
    except FixConfiguration as error:
        if "line" not in error.fields:
            raise
        place = f"{file}:{error.fields['line']} {error.place}"
        raise FixConfiguration(error.code, error.message, place=place) from error


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears when it is whole; when what is done inside raises, nothing is left behind.

    Raises config.invalid where it cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        os.replace(part, path)
    except OSError as error:
        raise FixConfiguration("config.invalid", f"cannot be written: {error}", place=str(path)) from error
    finally:
        part.unlink(missing_ok=True)
