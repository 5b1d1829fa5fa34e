"""``willcall doctor --record``: keeps what the services answer, without what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from ...client.flow import Flow, Send
from ...contracts import PROVIDERS, document, operations
from ...contracts.compare import RecordedAnswer
from ...contracts.recording import recorded

if TYPE_CHECKING:
    from ...client.provider import Account
    from ...errors import Reply

T = TypeVar("T")


class Recorder:
    """Answers, as they are kept. It watches a flow from outside, so that a check needs not know."""

    def __init__(self) -> None:
        self.answers: list[RecordedAnswer] = []

    def watch(self, account: Account, flow: Flow[T]) -> Flow[T]:
        """The same flow; what it is answered is kept."""
        answer: Any = None
        error: BaseException | None = None
        while True:
            try:
                effect = flow.send(answer) if error is None else flow.throw(error)
            except StopIteration as end:
                value: T = end.value
                return value
            answer = error = None
            try:
                answer = yield effect
            except Exception as raised:  # noqa: BLE001 - it belongs to the flow
                error = raised
            else:
                if isinstance(effect, Send):
                    self._keep(account, effect.request.method, effect.request.url, answer)

    def _keep(self, account: Account, method: str, url: str, reply: Reply) -> None:
        provider = account.provider.name
        if provider not in PROVIDERS:
            return
        found = document(provider, names=account.wire)
        base = urlsplit(account.base_url).path.rstrip("/")
        path = urlsplit(url).path.removeprefix(base)
        try:
            body = reply.json() if reply.body else None
        except ValueError:
            body = None
        headers = {name.lower(): value for name, value in reply.headers.items()}
        kept = recorded(found, provider, method, path, reply.status, headers, body)
        if kept is not None:
            self.answers.append(kept)


def read_everything(account: Account) -> Flow[None]:
    """Read a page of each list, and everything that can be read of its first row.

    Raises:
        ApiError: something could not be read.
    """
    from ...client.engine import answer
    from ...client.op import Op, segment
    from ...client.options import Options

    options = Options(timeout=10.0, deadline=60.0)
    found = document(account.provider.name, names=account.wire)
    reads = [path for method, path, _ in operations(found) if method == "GET"]
    first: dict[str, str] = {}
    for path in sorted(reads, key=lambda path: path.count("{")):
        collection = path.split("/")[1]
        if "{" not in path:
            got = yield from answer(
                Op("GET", path, _whole, {"limit": 20}, route=path), account, options
            )
            name = _first_id(got.value)
            if name is not None:
                first[collection] = name
        elif collection in first:
            filled = path.split("{")[0] + segment("id", first[collection]) + path.split("}")[1]
            yield from answer(Op("GET", filled, _whole, route=path), account, options)


def _whole(reply: Reply) -> Any:
    return reply.json()


def _first_id(body: Any) -> str | None:
    """The id of the first row of a list, whatever the id and the list are called."""
    lists = [value for value in body.values() if isinstance(value, list)]
    row = lists[0][0] if lists and lists[0] else {}
    texts = {name: value for name, value in row.items() if isinstance(value, str)}
    return next((texts[name] for name in ("id", "slug", *texts) if name in texts), None)
