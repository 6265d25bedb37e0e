"""What all tests share: one Hypothesis profile, and where recordings and test vectors lie that are not ours to ship."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres import BOTH_DATABASES, Cluster, cluster, on_server

# a deadline measures the machine, not the code: two cores shared by several test processes miss any of them
settings.register_profile("baigong", deadline=None)
settings.load_profile("baigong")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of data with other licences, or skip: BAIGONG_SHARED, or ``shared`` beside the repository."""
    named = os.environ.get("BAIGONG_SHARED")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("no shared data: set BAIGONG_SHARED to the folder that holds data/")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server of our own, started when the first test asks for it."""
    with cluster() as made:
        yield made


@pytest.fixture(autouse=True)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which database a test's records are in: a file, and in a module that says ``BOTH_DATABASES`` a server as well."""
    kind = getattr(request, "param", "sqlite")
    if kind == "sqlite":
        yield kind
    else:
        with on_server(request.getfixturevalue("postgres")):
            yield kind


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if getattr(metafunc.module, "BOTH_DATABASES", False) or metafunc.module.__name__ in BOTH_DATABASES:
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks, or it spreads a file's tests over all workers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests on one worker, and all browser journeys on one: they share a running platform."""
    here = Path(__file__).parent
    for item in items:
        place = item.path.relative_to(here)
        group = "e2e" if place.parts[0] == "e2e" else str(place)
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Leave the names of what failed where ``tools/run_tests.py`` asked for them."""
    wanted = os.environ.get("BAIGONG_FAILED_LIST")
    if wanted and not hasattr(terminalreporter.config, "workerinput"):
        failed = [r for kind in ("failed", "error") for r in terminalreporter.stats.get(kind, ())]
        names = sorted({report.nodeid for report in failed})
        Path(wanted).write_text("\n".join(names))
