"""A server that does to a client whatever a network can do, on loopback; and a proxy that looks on.

``serving(handle)`` is a bare TCP server, with TLS if it is given a certificate. What it does is up
to ``handle``, which gets the connection and each request; :func:`drips`, :func:`floods`,
:func:`pieces` and :func:`resets` make such handlers.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Handler = Callable[[socket.socket, bytes], None]


@attrs.define
class Server:
    """A running server.

    Args:
        url: where it is.
        seen: the requests that came in, byte for byte.
        accepted: how many connections were accepted.
        over: set when the server is to end: whoever drips looks at it.
    """

    url: str
    seen: list[bytes] = attrs.field(factory=list)
    accepted: int = 0
    over: threading.Event = attrs.field(factory=threading.Event)

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.url.rpartition(":")[2])


@contextmanager
def serving(
    handle: Handler,
    *,
    tls: ssl.SSLContext | None = None,
    greet: Callable[[socket.socket], None] | None = None,
    host: str = "127.0.0.1",
    name: str | None = None,
) -> Iterator[Server]:
    """A server.

    Args:
        handle: what it does with a request.
        tls: its certificate, for TLS.
        greet: what it does with a connection before anything else; with TLS, before the handshake.
        host: the address it listens at.
        name: what its URL calls it, if that is not its address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family, backlog=512)
    shown = name or (f"[{host}]" if ":" in host else host)
    port = listener.getsockname()[1]
    server = Server(f"{'http' if tls is None else 'https'}://{shown}:{port}")

    def talk(connection: socket.socket) -> None:
        _here.over = server.over
        with suppress(OSError), connection:
            if greet is not None:
                greet(connection)
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
            with connection:
                while request := read_request(connection):
                    server.seen.append(request)
                    handle(connection, request)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            server.accepted += 1
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    main = threading.Thread(target=accept, daemon=True)
    main.start()
    try:
        yield server
    finally:
        server.over.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        main.join(5)


# The server whose thread this is.
_here = threading.local()


def read_request(connection: socket.socket) -> bytes:
    """A request with its body; empty if the client has hung up."""
    got = b""
    while b"\r\n\r\n" not in got:
        part = connection.recv(65536)
        if not part:
            return b""
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def _rest(seconds: float) -> bool:
    """Let a moment pass; whether the server is to end."""
    return bool(_here.over.wait(seconds))


def drips(start: bytes, drop: bytes, every: float = 0.05, most: int = 600) -> Handler:
    """Begins to answer, and goes on a drop at a time, for 30 seconds."""

    def handle(connection: socket.socket, _: bytes) -> None:
        connection.sendall(start)
        for _n in range(most):
            if _rest(every):
                return
            connection.sendall(drop)

    return handle


def floods(drop: bytes) -> Handler:
    """Sends the same without end, as fast as it is read."""

    def handle(connection: socket.socket, _: bytes) -> None:
        while not _rest(0):
            connection.sendall(drop * 1000)

    return handle


def pieces(*parts: bytes | float) -> Handler:
    """Sends its parts in order; a number is a pause in seconds."""

    def handle(connection: socket.socket, _: bytes) -> None:
        for part in parts:
            if isinstance(part, bytes):
                connection.sendall(part)
            else:
                _rest(part)

    return handle


def resets(connection: socket.socket, _: bytes = b"") -> None:
    """Tears the connection down, so that the client gets a RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw = socket.socket(fileno=connection.detach())
    raw.close()
    # Nobody may read on: the number of the descriptor is free for another connection.
    raise ConnectionResetError


def garbage(connection: socket.socket, _: bytes) -> None:
    """Sends below the TLS what is no TLS."""
    raw = socket.socket(fileno=connection.detach())
    with raw:
        raw.sendall(b"HTTP/1.1 200 OK\r\n\r\n" * 4)
    raise ConnectionResetError


@contextmanager
def proxy(target: int | None = None, *, stalls: bool = False) -> Iterator[Server]:
    """A proxy that looks on. It tunnels to a port of this machine, whatever name it is asked for.

    Args:
        target: the port; without one, it answers requests itself.
        stalls: it never says that the tunnel is there.
    """

    def handle(connection: socket.socket, request: bytes) -> None:
        if stalls:
            _rest(30)
            return
        if target is None or not request.startswith(b"CONNECT "):
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            return
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", target)) as far:
            there = threading.Thread(target=_pump, args=(connection, far), daemon=True)
            there.start()
            _pump(far, connection)
            there.join(5)

    with serving(handle) as server:
        yield server


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@attrs.frozen
class Authority:
    """A certificate authority that nobody knows: its certificate in a file, and what it signs."""

    folder: Path
    _key: ec.EllipticCurvePrivateKey
    _certificate: x509.Certificate

    @classmethod
    def new(cls, folder: Path) -> Authority:
        """A new one, with its files in a folder."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _signed("willcall's tests", key, key, None, ())
        made = cls(folder, key, certificate)
        made.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return made

    @property
    def file(self) -> Path:
        """Its certificate, as ``SSL_CERT_FILE`` takes it."""
        return self.folder / "authority.pem"

    def context(self, *names: str, age: int = 0) -> ssl.SSLContext:
        """What a server needs to be one of these names, or of these addresses.

        Its certificate is good for a day before and after now, or ``age`` days earlier.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        signed = _signed("server", key, self._key, self._certificate, names, age)
        file = self.folder / f"server-{signed.serial_number}.pem"
        file.write_bytes(
            signed.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    by: x509.Certificate | None,
    names: tuple[str, ...],
    age: int = 0,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC) - timedelta(days=age)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if by is None else by.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if by is None:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general(each) for each in names]), critical=False
        )
    return builder.sign(signer, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
