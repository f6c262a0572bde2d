"""Requests byte by byte, to a server under gunicorn."""

import socket
from contextlib import suppress

from tests.real_server import Server

PUSH = b"POST /sync/push-actions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
TIME = b"GET /time HTTP/1.1\r\nHost: a\r\n\r\n"
LAST_TIME = b"GET /time HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

PATIENCE_S = 60


def connect(server: Server, request: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S)
    connection.sendall(request)
    return connection


def received(connection: socket.socket) -> bytes:
    """What the server sends until it closes the connection."""
    data = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            data += piece
    return data


def is_answered(server: Server) -> bool:
    with connect(server, LAST_TIME) as connection:
        return received(connection).startswith(b"HTTP/1.1 200 ")
