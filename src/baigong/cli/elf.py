r"""Where a program looks for its libraries, rewritten in place so that it finds those beside itself.

Source: System V ABI, chapter 5 (dynamic section); ld.so(8). A DT_RUNPATH is turned into a DT_RPATH, because
only that also serves the libraries of libraries. No byte moves, so nothing else in the file changes.

    header ──► program headers ──► PT_DYNAMIC: [tag, value] …  ──► DT_STRTAB + value: "…\0"
"""

from __future__ import annotations

import struct
from pathlib import Path

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")  # Elf64_Ehdr
_PROGRAM = struct.Struct("<IIQQQQQQ")  # Elf64_Phdr
_DYNAMIC = struct.Struct("<QQ")  # Elf64_Dyn
_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NULL, _DT_STRTAB, _DT_RPATH, _DT_RUNPATH = 0, 5, 15, 29


def is_elf(path: Path) -> bool:
    """Tell whether a file is a 64-bit little-endian ELF file."""
    with path.open("rb") as file:
        return file.read(6) == b"\x7fELF\x02\x01"


def look_beside(path: Path, where: str) -> bool:
    """Make ``path`` look for libraries in ``where`` (like ``$ORIGIN/../lib``); False when it has no place for that."""
    raw = bytearray(path.read_bytes())
    header = _HEADER.unpack_from(raw)
    programs = [_PROGRAM.unpack_from(raw, header[5] + i * header[9]) for i in range(header[10])]
    loads = [(p[3], p[2], p[5]) for p in programs if p[0] == _PT_LOAD]  # address, offset, size in the file
    dynamic = next((p[2] for p in programs if p[0] == _PT_DYNAMIC), None)
    if dynamic is None:
        return False
    entries, at = {}, dynamic
    while (entry := _DYNAMIC.unpack_from(raw, at))[0] != _DT_NULL:
        entries[entry[0]] = (at, entry[1])
        at += _DYNAMIC.size
    held = entries.get(_DT_RUNPATH) or entries.get(_DT_RPATH)
    if held is None or _DT_STRTAB not in entries:
        return False
    table = entries[_DT_STRTAB][1]
    begin = next(offset + table - address for address, offset, size in loads if address <= table < address + size)
    begin += held[1]
    end = raw.index(0, begin)
    fresh = where.encode()
    if len(fresh) > end - begin:
        return False
    raw[begin:end] = fresh.ljust(end - begin, b"\0")
    _DYNAMIC.pack_into(raw, held[0], _DT_RPATH, held[1])
    path.write_bytes(raw)
    return True
