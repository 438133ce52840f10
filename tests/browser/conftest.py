"""Fixtures: the platform with its media server, Chromium, and people who come with browsers of their own."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from tests.browser.chromium import ARGUMENTS, EXECUTABLE
from tests.browser.people import Join, Newcomer
from tests.browser.wire import Wire
from tests.platform import RunningPlatform, Tenant, running_platform

_RESULTS = Path("test-results")


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    """The whole platform on SQLite, with its own media server."""
    data = tmp_path_factory.mktemp("data")
    with running_platform(
        data, engines=True, webhook_networks=["127.0.0.0/8"], address_attempts=1_000_000
    ) as platform:
        yield platform


@pytest.fixture
def university(running: RunningPlatform) -> Tenant:
    """An organization with a name that is not ASCII."""
    return running.organization("Universität Köln")


# Not for the whole session: its event loop must be gone before the next asynchronous test begins.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def newcomer(chromium: Browser, running: RunningPlatform) -> Iterator[Newcomer]:
    newcomer = Newcomer(chromium, running.base_url)
    yield newcomer
    newcomer.close()


@pytest.fixture
def join(newcomer: Newcomer, tenant: Tenant) -> Join:
    return Join(newcomer, tenant)


@pytest.fixture
def wire(running: RunningPlatform) -> Iterator[Wire]:
    """A piece of network before the server; who comes with `wire=wire` comes over it."""
    with Wire(running.platform.settings.port).strung() as strung:
        yield strung


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failure what everybody saw: pictures under test-results/, and what their consoles said."""
    report = yield
    newcomer: Newcomer | None = getattr(item, "funcargs", {}).get("newcomer")
    if report.failed and report.when == "call" and newcomer is not None:
        for number, person in enumerate(newcomer.everybody):
            picture = str(_RESULTS / f"{item.name.replace('/', '-')}-{number}-{person.name}.png")
            try:
                person.page.screenshot(path=picture, timeout=5_000)
            except Error as error:
                picture = f"no picture: {error.message}"
            said = [picture, person.page.url, *person.crashes, *person.console[-20:]]
            report.sections.append((f"{person.name}'s page", "\n".join(said)))
    return report
