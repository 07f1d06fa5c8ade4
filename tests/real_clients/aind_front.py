"""A way to our DocDB for clients in whose code its address stands: a proxy that takes its place, with TLS."""

from __future__ import annotations

import datetime as dt
import select
import socket
import socketserver
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from pathlib import Path

HOST = "api.allenneuraldynamics.org"
_END = b"\r\n\r\n"
_SHORT = 10.0


class Front:
    """A proxy for ``https``, which leads to our DocDB whoever asks for the real one, and nobody elsewhere.

    Parameters
    ----------
    port : int
        Where our DocDB listens, without TLS.
    home : Path
        Where the certificates are put.
    """

    def __init__(self, port: int, home: Path) -> None:
        self.authority = home / "authority.pem"
        #: Where clients wanted to go beside.
        self.refused: list[str] = []
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._server.front = self  # type: ignore[attr-defined]
        self.docdb_port = port
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(_make_certificates(home, self.authority))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        front: Front = self.server.front  # type: ignore[attr-defined]
        asked = b""
        while _END not in asked:
            more = self.request.recv(4096)
            if not more:
                return
            asked += more
        method, target, _ = asked.split(b" ", 2)
        if (method, target.decode()) != (b"CONNECT", f"{HOST}:443"):
            front.refused.append(target.decode())
            self.request.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with (
            suppress(OSError),
            socket.create_connection(("127.0.0.1", front.docdb_port), _SHORT) as docdb,
            front.tls.wrap_socket(self.request, server_side=True) as client,
        ):
            _carry_both_ways(client, docdb)


def _carry_both_ways(client: ssl.SSLSocket, docdb: socket.socket) -> None:
    # In one thread: a TLS connection must not be read in one and written in another.
    others = {client: docdb, docdb: client}
    while True:
        ready = [client] if client.pending() else select.select(list(others), [], [])[0]
        for source in ready:
            data = source.recv(1 << 16)
            if not data:
                return
            others[source].sendall(data)


def _make_certificates(home: Path, authority: Path) -> Path:
    """Write an authority's certificate, and one for the host with its key; return where the latter is."""
    own_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sessionframes tests")])
    signed = _certificate(issuer, issuer, own_key.public_key())
    ca = signed.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    authority.write_bytes(ca.sign(own_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    server = (
        _certificate(subject, issuer, key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    place = home / "front.pem"
    place.write_bytes(
        server.sign(own_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return place


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
    )
