"""``python -m tools.new driver NAME``: a folder that passes the exam, to be filled with a protocol."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = Path(__file__).parent / "driver"
_NAME = re.compile(r"^[a-z][a-z0-9]{1,30}$")
_BUILT_IN = re.compile(r"^(BUILT_IN = \(\n(?:    .*\n)*)\)$", re.MULTILINE)


def new_driver(root: Path, name: str) -> list[Path]:
    """Write the driver's folder and its subject for the exam, and list it as built in; returns what was written."""
    if not _NAME.match(name):
        raise SystemExit(f"{name!r}: a driver is named with 2 to 31 of a-z and 0-9, a letter first")
    folder = root / "src" / "baigong" / "drivers" / name
    if folder.exists():
        raise SystemExit(f"{folder} exists")
    written = []
    for template in sorted(TEMPLATES.iterdir()):
        target = folder / template.name.removesuffix(".in")
        if template.name.startswith("subject"):
            target = root / "tests" / "conformance" / f"subject_{name}.py"
        target.parent.mkdir(parents=True, exist_ok=True)
        text = template.read_text("utf-8").replace("@name@", name).replace("@Name@", name.capitalize())
        target.write_text(text, "utf-8")
        written.append(target)
    (folder / "__init__.py").write_text("", "utf-8")
    manifest = folder.parent / "manifest.py"
    text = manifest.read_text("utf-8")
    manifest.write_text(_BUILT_IN.sub(rf'\1    "{name}",\n)', text), "utf-8")
    return [*written, folder / "__init__.py", manifest]


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.new", description=__doc__)
    parser.add_argument("what", choices=["driver"])
    parser.add_argument("name", help="the driver's id, like profinet")
    given = parser.parse_args(arguments)
    for path in new_driver(ROOT, given.name):
        print(path.relative_to(ROOT))
    print(
        f"\nit passes the exam as it is:  pytest tests/conformance -k {given.name}\nbegin with codec.py",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
