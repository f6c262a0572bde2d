"""Reads request bodies: from bytes to a JSON value (http.md, "Request bodies").

Clients send gzipped, chunked bodies. Limits apply to the decompressed size and are enforced while
decompressing, so that a zip bomb costs nothing.
"""

import codecs
import zlib
from collections.abc import Iterator
from typing import Any, Protocol

from werkzeug.datastructures import Headers
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)
from werkzeug.http import parse_options_header

from schemas.strict_json import NotJson, parse
from web.big_bodies import PARSING, SMALL_BODY, read_big_body

_CHUNK = 64 * 1024

# zlib's window sizes, which also say what kind of header the data has
_GZIP = 31
_ZLIB = 15
_RAW_DEFLATE = -15


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_json(headers: Headers, stream: Readable, limit: int) -> Any:
    """Reads a body of at most `limit` bytes and returns its JSON object or array.

    An empty body, or one whose content type is not JSON, counts as `{}`. Raises 400 for anything
    but a JSON object or array, 413, and 415 for an unknown encoding or charset. Bodies of more than
    `SMALL_BODY` bytes are for known devices only: see `web/big_bodies.py`.
    """
    content_type, options = parse_options_header(headers.get("Content-Type", ""))
    if content_type.lower() != "application/json":
        return {}
    decode = _decoder(options.get("charset", "utf-8"))
    encoding = headers.get("Content-Encoding", "identity")
    pieces = _limited(_decompressed(encoding, stream, limit), limit)
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > SMALL_BODY:
            read_big_body(data, pieces)
            with PARSING.turn():
                return _parsed(data, decode)
    return _parsed(data, decode) if data else {}


def _parsed(data: bytearray, decode: Any) -> Any:
    try:
        value = parse(decode(data, "replace")[0].removeprefix("\ufeff"))
    except NotJson as error:
        raise BadRequest("The body is not valid JSON.") from error
    if not isinstance(value, dict | list):
        raise BadRequest("The body must be a JSON object.")
    return value


def _decoder(charset: str) -> Any:
    if not charset.lower().startswith("utf-"):
        raise UnsupportedMediaType("The charset of the body must be UTF-8.")
    try:
        return codecs.getdecoder(charset)
    except LookupError:
        raise UnsupportedMediaType("The charset of the body must be UTF-8.") from None


def _limited(pieces: Iterator[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise RequestEntityTooLarge(f"The body has more than {limit} bytes.")
        yield piece


def _decompressed(encoding: str, stream: Readable, limit: int) -> Iterator[bytes]:
    """Yields small pieces, so that a zip bomb is decompressed no further than it is read."""
    encoding = encoding.strip().lower()
    if encoding == "identity":
        yield from _chunks(stream)
        return
    if encoding not in ("gzip", "deflate"):
        raise UnsupportedMediaType("The body may only be compressed with gzip or deflate.")
    decompressor = None
    try:
        # Compressed data is hardly ever larger than the original, and never twice as large.
        for chunk in _limited(_chunks(stream), 2 * limit):
            if decompressor is None:
                decompressor = zlib.decompressobj(_window(encoding, chunk))
            yield from _inflated(decompressor, chunk)
    except zlib.error:
        raise BadRequest("The compressed body is corrupt.") from None
    if decompressor and (not decompressor.eof or decompressor.unused_data):
        raise BadRequest("The compressed body is truncated or followed by other data.")


def _inflated(decompressor: Any, chunk: bytes) -> Iterator[bytes]:
    while piece := decompressor.decompress(chunk, _CHUNK):
        yield piece
        chunk = decompressor.unconsumed_tail


def _window(encoding: str, compressed: bytes) -> int:
    if encoding == "gzip":
        return _GZIP
    # "deflate" means data with a zlib header, but some senders omit it.
    return _ZLIB if compressed[0] & 0x0F == 8 else _RAW_DEFLATE


def _chunks(stream: Readable) -> Iterator[bytes]:
    while chunk := _read(stream):
        yield chunk


def _read(stream: Readable) -> bytes:
    try:
        return stream.read(_CHUNK)
    except HTTPException:
        raise
    except Exception as error:
        # Each WSGI server raises its own errors for malformed chunks and lost connections.
        raise BadRequest("The body could not be read completely.") from error
