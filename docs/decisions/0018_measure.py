"""Numbers of decision 0018, CPU time of one core: ``python docs/decisions/0018_measure.py SHARED``.

SHARED holds data/aas (published packages and JSON environments). With basyx-python-sdk installed, it is measured, too.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from baigong.models.aas import admit, check, errors, locate, read, write
from baigong.models.aas.engine import engine
from baigong.models.aas.views import values


def memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def seconds(work: Callable[[], Any], times: int = 1) -> float:
    spent = []
    for _ in range(times):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return min(spent)


def a_property(number: int) -> dict[str, Any]:
    meant = {
        "type": "ExternalReference",
        "keys": [{"type": "GlobalReference", "value": f"0173-1#02-AAA{number:03}#001"}],
    }
    told = [{"language": "en", "text": "a value"}, {"language": "zh", "text": "数值"}]
    return {
        "idShort": f"P{number}", "modelType": "Property", "valueType": "xs:double", "value": str(number * 1.5),
        "semanticId": meant, "description": told,
    }  # fmt: skip


def published(shared: Path) -> None:
    before = memory_mb()
    engine("3.0"), engine("3.1")
    print(f"both engines: {memory_mb() - before:.0f} MB")
    files = sorted(path for path in (shared / "data" / "aas").glob("*/*") if path.suffix in (".aasx", ".json"))
    packages = [read(path) for path in files]
    size = sum(len(package.environment.json()) for package in packages) / 1e6
    reading = seconds(lambda: [read(path) for path in files])
    judging = seconds(lambda: [check(package) for package in packages])
    broken = sum(bool(errors(check(package))) for package in packages)
    print(f"{len(files)} files, {size:.1f} MB of canonical JSON: read {reading:.2f} s, judged {judging:.2f} s, "
          f"{memory_mb():.0f} MB of memory; {broken} break a rule")  # fmt: skip
    for form in ("json", "xml", "aasx"):
        written = [write(package, form) for package in packages]
        size = sum(map(len, written)) / 1e6
        writing = seconds(lambda form=form: [write(package, form) for package in packages])  # type: ignore[misc]
        again = seconds(lambda written=written: [check(read(one)) for one in written])  # type: ignore[misc]
        print(f"as {form}: {size:.1f} MB written in {writing:.2f} s, read and judged in {again:.2f} s")


def served() -> None:
    submodel = admit(
        "Submodel", {"id": "urn:x", "modelType": "Submodel", "submodelElements": [*map(a_property, range(500))]}
    )
    made = engine("3.1").jsonization
    thing = made.submodel_from_jsonable(submodel)
    tried: list[tuple[str, Callable[[], Any]]] = [
        ("judged", lambda: admit("Submodel", submodel)),
        ("encoded from JSON values", lambda: msgspec.json.encode(submodel)),
        ("value-only", lambda: msgspec.json.encode(values(submodel))),
        ("last element by path", lambda: locate(submodel, "P499")),
        ("encoded from engine objects", lambda: msgspec.json.encode(made.to_jsonable(thing))),
    ]
    try:
        from basyx.aas.adapter import json as basyx
    except ImportError:
        pass
    else:
        theirs = next(iter(basyx.read_aas_json_file(io.StringIO(json.dumps({"submodels": [submodel]})))))
        tried.append(("encoded from basyx objects", lambda: json.dumps(theirs, cls=basyx.AASToJsonEncoder)))
    print(f"a submodel of 500 properties, {len(msgspec.json.encode(submodel)):,} bytes:")
    for name, work in tried:
        print(f"  {name} {seconds(work, 20) * 1e3:.2f} ms")


if __name__ == "__main__":
    published(Path(sys.argv[1]))
    served()
