"""No proxy of the machine counts, and an authority that a test may trust."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from client.kit import dead_url
from support.hostile_server import Authority
from support.network import ask
from support.waiting import HANGS
from willcall.client import http as door
from willcall.client import routes


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine that runs the tests is set to."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    routes._leads_here.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def warm() -> None:
    """What the first call of a process loads takes longer than some of the timeouts here."""
    for flavour in ("sync", "async"):
        ask(dead_url(), flavour, timeout=HANGS)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.new(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    """The authority is known."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    door._tls.cache_clear()
    yield authority
    door._tls.cache_clear()
