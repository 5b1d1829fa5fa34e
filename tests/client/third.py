"""A third provider, whole: models, wire rules, endpoints and all clients. Nothing else changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

import attrs

from willcall.client.clients import AsyncClient, Clients, FlowClient, SyncClient
from willcall.client.codec import Codec, parse_object, parse_rows
from willcall.client.endpoint import Async, Collection, F, InFlow, Sync, endpoint, listing
from willcall.client.op import Op, Page, segment
from willcall.client.provider import Problem, Provider
from willcall.client.quota import Quota
from willcall.errors import Reply

_codec = Codec()


@attrs.frozen(kw_only=True)
class Order:
    """What somebody bought."""

    id: str
    total: int
    placed_at: datetime


def _explain(reply: Reply) -> Problem:
    return Problem(parse_object(reply)["fault"]["text"])


PROVIDER = Provider(
    name="boxy",
    base_url="https://api.boxy.example/v1",
    key_prefix="bx_",
    key_env="BOXY_API_KEY",
    auth=lambda key: {"x-token": key},
    explain=_explain,
    quota=Quota(10, 1.0),
    probes={"orders:read": Op("GET", "/orders", parse_object, route="/orders")},
)


def _order(reply: Reply) -> Order:
    return _codec.structure(parse_object(reply), Order, "order")


def _orders(params: Mapping[str, Any]) -> Op[Page[Order]]:
    def decode(reply: Reply) -> Page[Order]:
        body = parse_object(reply)
        rows = _codec.structure(parse_rows(body, "items"), tuple[Order, ...], "items")
        after = body.get("after")
        return Page(rows, _orders({**params, "after": after}) if after else None, reply)

    return Op("GET", "/orders", decode, params, route="/orders")


class Orders(Collection[F]):
    """What people bought."""

    @listing
    def list(self, *, limit: int = 100) -> Op[Page[Order]]:
        """Orders, page by page."""
        return _orders({"limit": limit})

    @endpoint
    def get(self, order_id: str) -> Op[Order]:
        """One order."""
        return Op("GET", f"/orders/{segment('order_id', order_id)}", _order)

    @endpoint
    def refund(self, order_id: str, *, cents: int) -> Op[Order]:
        """Give back a part of an order's total."""
        path = f"/orders/{segment('order_id', order_id)}/refunds"
        return Op("POST", path, _order, json={"cents": cents})


class Boxy(SyncClient):
    provider = PROVIDER
    orders = cached_property[Orders[Sync]](lambda self: Orders(self._session))


class AsyncBoxy(AsyncClient):
    provider = PROVIDER
    orders = cached_property[Orders[Async]](lambda self: Orders(self._session))


class FlowBoxy(FlowClient):
    provider = PROVIDER
    orders = cached_property[Orders[InFlow]](lambda self: Orders(self._session))


CLIENTS = Clients(Boxy, AsyncBoxy, FlowBoxy)
