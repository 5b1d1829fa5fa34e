"""A loopback server that costs next to nothing, in a process of its own: it answers every GET on a
kept-alive connection with the same bytes, by the end of the path. Prints its port, and ends when
its standard input does.
"""

import asyncio
import json
import sys

EVENT = {
    "event": {
        "id": "evt_7k2m9q4x1c",
        "title": "Late Laughs with Priya Raman",
        "slug": "late-laughs-with-priya-raman",
        "status": "PUBLISHED",
        "visibility": "PUBLIC",
        "category": "COMEDY",
        "startsAt": "2026-09-04T01:00:00.000Z",
        "endsAt": "2026-09-04T03:00:00.000Z",
        "doorsOpen": "2026-09-04T00:15:00.000Z",
        "timezone": "America/Chicago",
        "venueName": "The Lantern Room",
        "city": "Chicago",
        "country": "US",
        "currency": "USD",
        "publicUrl": "https://ticketsmart.ai/e/late-laughs-with-priya-raman",
        "createdAt": "2026-08-01T12:00:00.000Z",
        "updatedAt": "2026-08-01T12:00:00.000Z",
        "ticketTypes": [
            {
                "id": f"tt_{number}",
                "name": name,
                "price": price,
                "quantity": 120,
                "sold": 74,
                "available": 46,
                "saleStartsAt": None,
                "saleEndsAt": None,
                "minPerOrder": 1,
                "maxPerOrder": 10,
                "hidden": False,
            }
            for number, (name, price) in enumerate(
                [("General Admission", 2500), ("Front Table", 4500), ("VIP", 6000), ("Free", 0)]
            )
        ],
    }
}
MODEL = {"id": "gala", "object": "model", "created": 1_686_935_002, "owned_by": "willcall"}


def _answer(value: object, status: str = "200 OK") -> bytes:
    body = json.dumps(value, separators=(",", ":")).encode()
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


class Server(asyncio.Protocol):
    """One connection."""

    event, model = _answer(EVENT), _answer(MODEL)
    missing = _answer({"error": "Event not found"}, "404 Not Found")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.got = transport, b""

    def data_received(self, data: bytes) -> None:
        self.got += data
        while b"\r\n\r\n" in self.got:
            head, _, self.got = self.got.partition(b"\r\n\r\n")
            line = head.partition(b"\r\n")[0]
            about_models = b"/models/" in line
            answer = self.model if about_models else self.event
            self.transport.write(self.missing if b"/missing" in line else answer)


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
