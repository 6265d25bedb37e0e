"""Records on their way from a gateway to the registry: columns, with what they are part of in front."""

from __future__ import annotations

import msgspec
import pyarrow as pa
from msgspec import Struct

from baigong.vocab.errors import FixConfiguration
from baigong.vocab.recordkinds import record_schema
from baigong.vocab.recordmap import Wrong

_HEAD = b"baigong.part"
MOST_BYTES = 512 << 10  # of the columns of one part, unpacked; the bus carries 1 MiB


class Part(Struct, frozen=True, kw_only=True):
    """A piece of a run. ``whole``: the run tells all there is, and what it misses is gone; ``last``: nothing follows.

    ``standing``: keys of rows that were refused, which are there all the same.
    """

    kind: str
    source: str
    run: str
    part: int = 0
    last: bool = True
    whole: bool = False
    refused: int = 0
    standing: list[str] = []
    wrong: list[Wrong] = []


class Letter(Struct, frozen=True, kw_only=True):
    """Whose records, from which device."""

    tenant: str
    device: str
    part: Part


def encode(letter: Letter, table: pa.Table) -> bytes:
    """Write records (schema ``record_schema``) as one Arrow stream, packed."""
    told = table.replace_schema_metadata({_HEAD: msgspec.json.encode(letter)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, told.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(told)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def decode(raw: bytes) -> tuple[Letter, pa.Table]:
    """Read what ``encode`` wrote. Raises payload.malformed, record.kind.

    >>> letter = Letter(tenant="demo", device="erp", part=Part(kind="item", source="erp", run="1"))
    >>> decode(encode(letter, record_schema("item").empty_table()))[0] == letter
    True
    """
    try:
        with pa.ipc.open_stream(pa.py_buffer(raw)) as reader:
            table = reader.read_all()
        letter = msgspec.json.decode((table.schema.metadata or {}).get(_HEAD, b""), type=Letter)
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, msgspec.MsgspecError) as error:
        raise FixConfiguration("payload.malformed", f"these are no records: {error}", place="records") from error
    wanted = record_schema(letter.part.kind)
    if not table.schema.equals(wanted):
        raise FixConfiguration("payload.malformed", f"these are not the columns of {letter.part.kind}", place="records")
    return letter, table.replace_schema_metadata(None)
