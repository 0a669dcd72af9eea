"""A real server for the tests that need one of their own or may share one."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.browsing import chromium
from tests.servers import Server, running_server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A running server that the tests of one module share; a page each would reach its limit."""
    with running_server(READS_PER_MIN="6000") as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium that the tests of one module share."""
    with chromium() as opened:
        yield opened
