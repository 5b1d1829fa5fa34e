"""OpenTelemetry: spans and the metric, as the semantic conventions for HTTP clients want them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from client.kit import account, get, late, play, post, reply, ticketsmart
from willcall import AsyncTicketSmart
from willcall.client import observe
from willcall.client.engine import perform
from willcall.client.op import Op
from willcall.client.options import Options
from willcall.errors import ApiError
from willcall.sandbox.server import Served


class Told:
    """What a program's own OpenTelemetry was told."""

    def __init__(self) -> None:
        self.spans = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        self.meters = MeterProvider([self.reader])

    def finished(self) -> list[ReadableSpan]:
        return list(self.spans.get_finished_spans())

    def points(self) -> list[Any]:
        data = self.reader.get_metrics_data()
        assert data is not None
        (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
        assert (metric.name, metric.unit) == ("http.client.request.duration", "s")
        return list(metric.data.data_points)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    told = Told()
    monkeypatch.setattr("opentelemetry.trace.get_tracer", told.tracers.get_tracer)
    monkeypatch.setattr("opentelemetry.metrics.get_meter", told.meters.get_meter)
    observe._instruments.cache_clear()
    yield told
    observe._instruments.cache_clear()
    told.meters.shutdown()


def test_each_try_is_a_span(told: Told) -> None:
    play(perform(get(), account(), Options()), late(), reply(503), reply(200))

    first, second, third = told.finished()
    for span in (first, second, third):
        assert span.name == "GET /events/{id_or_slug}"
        assert span.kind is SpanKind.CLIENT
        assert span.attributes is not None
        assert span.attributes["http.request.method"] == "GET"
        assert span.attributes["server.address"] == "ticketsmart.ai"
        assert span.attributes["server.port"] == 443
        assert span.attributes["url.full"] == "https://ticketsmart.ai/api/v1/events/gala"
        assert span.attributes["url.template"] == "/events/{id_or_slug}"
        assert span.instrumentation_scope is not None
        assert span.instrumentation_scope.name == "willcall"
    facts = [dict(span.attributes or {}) for span in (first, second, third)]
    assert [fact.get("http.request.resend_count") for fact in facts] == [None, 1, 2]
    assert [fact.get("error.type") for fact in facts] == ["RequestTimeoutError", "503", None]
    assert [fact.get("http.response.status_code") for fact in facts] == [None, 503, 200]
    codes = [span.status.status_code for span in (first, second, third)]
    assert codes == [StatusCode.ERROR, StatusCode.ERROR, StatusCode.UNSET]


def test_the_metric_counts_every_try(told: Told) -> None:
    play(perform(get(), account(), Options()), late(), reply(200))
    with pytest.raises(ApiError):
        play(perform(post(), account(), Options()), reply(400))

    points = {
        (p.attributes["http.request.method"], p.attributes.get("error.type")): p
        for p in told.points()
    }
    assert set(points) == {("GET", "RequestTimeoutError"), ("GET", None), ("POST", "400")}
    point = points["POST", "400"]
    assert point.count == 1
    assert point.attributes["http.response.status_code"] == 400
    assert point.attributes["server.port"] == 443
    assert point.explicit_bounds[0] == 0.005
    # Nothing of high cardinality, and nothing private.
    assert not {"url.full", "url.template"} & set(point.attributes)


def test_an_older_opentelemetry_without_advice_on_buckets_will_do(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OlderMeter:
        def __init__(self, meter: Any) -> None:
            self.meter = meter

        def create_histogram(self, name: str, unit: str = "", description: str = "") -> Any:
            return self.meter.create_histogram(name, unit, description)

    monkeypatch.setattr(
        "opentelemetry.metrics.get_meter", lambda *about: OlderMeter(told.meters.get_meter(*about))
    )
    play(perform(get(), account(), Options()), reply(200))

    assert [point.count for point in told.points()] == [1]


def test_a_call_without_a_route_is_named_by_its_method_alone(told: Told) -> None:
    op: Op[Any] = Op("GET", "/odd/planted%40example.com", lambda _: None, {"email": "planted@x.yz"})
    play(perform(op, account(), Options()), reply(200))

    (span,) = told.finished()
    assert span.name == "GET"
    assert "planted" not in str(dict(span.attributes or {}))
    assert "url.template" not in (span.attributes or {})


def test_over_real_http_blocking_and_awaited(told: Told, served: Served) -> None:
    with ticketsmart(served) as client:
        client.events.list().first()

    async def main() -> None:
        async with AsyncTicketSmart(
            served.sandbox.ticketsmart_key, base_url=served.ticketsmart_url, pace=None
        ) as other:
            await other.events.list().first()
            served.sandbox.faults.add("delay", seconds=5.0, count=1)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await other.events.get("gala")

    asyncio.run(main())
    first, second, cancelled = told.finished()
    assert first.attributes == second.attributes
    assert (first.attributes or {})["server.address"] == "127.0.0.1"
    assert (cancelled.attributes or {})["error.type"] == "cancelled"
    assert served.sandbox.ticketsmart_key not in first.to_json() + cancelled.to_json()


def test_a_call_that_is_given_up_without_a_span_is_no_trouble(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "opentelemetry.trace")

    play(perform(get(), account(), Options()), reply(200))
    with pytest.raises(ZeroDivisionError):
        play(perform(get(), account(), Options()), ZeroDivisionError())


def test_nobody_who_does_not_use_it_imports_it() -> None:
    code = (
        "import sys, willcall; from willcall import TicketSmart\n"
        "client = TicketSmart('ts_sk_12345678', base_url='http://127.0.0.1:1', tries=1)\n"
        "try: client.events.get('x')\n"
        "except Exception as e: print(type(e).__name__)\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split("\n")[:2] == ["ConnectError", "[]"]
