"""Bodies of requests (http.md)."""

import gzip
import io
import json
import tracemalloc
import zlib
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.wire import Family
from web.routes import ROUTES

# Bodies are read before a database is asked, so one engine will do.
pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)

#: Answers every body that fits its schema with 200.
PATH = "/sync/is-device-removed"
BODY = {"deviceAuthToken": "x"}
TEXT = json.dumps(BODY).encode()
ANSWER = {"isDeviceRemoved": False}

KIB = 1024
#: The admin API asks for its password first.
OPEN_ROUTES = [route for route in ROUTES if not route.path.startswith("/admin/")]
PUSH = "/sync/push-actions"


def send(
    client: FlaskClient,
    data: bytes,
    *,
    path: str = PATH,
    encoding: str | None = None,
    content_type: str | None = "application/json",
    chunked: bool = False,
) -> TestResponse:
    headers = {"Content-Encoding": encoding} if encoding is not None else {}
    if chunked:
        # As gunicorn passes a chunked body on: without a length, as a stream that ends by itself.
        return client.post(
            path,
            input_stream=io.BytesIO(data),
            headers={**headers, "Transfer-Encoding": "chunked"},
            content_type=content_type,
            environ_overrides={"wsgi.input_terminated": True},
        )
    return client.post(path, data=data, headers=headers, content_type=content_type)


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


COMPRESSIONS = {
    "plain": (None, bytes),
    "identity": ("identity", bytes),
    "gzip": ("gzip", gzip.compress),
    "GZip": ("GZip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
}


@pytest.fixture(params=COMPRESSIONS)
def compression(request: pytest.FixtureRequest) -> Any:
    return COMPRESSIONS[request.param]


@pytest.fixture(params=[False, True], ids=["with length", "chunked"])
def chunked(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_bodies_may_be_compressed_and_chunked(
    client: FlaskClient, compression: Any, chunked: bool
) -> None:
    encoding, compress = compression
    response = send(client, compress(TEXT), encoding=encoding, chunked=chunked)
    assert (response.status_code, response.json) == (200, ANSWER)


def test_answers_are_compact_utf8_json(client: FlaskClient) -> None:
    response = send(client, TEXT)
    assert response.data == b'{"isDeviceRemoved":false}'
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "Content-Encoding" not in response.headers


def blank_body(length: int) -> bytes:
    return b"{" + b" " * (length - 2) + b"}"


def test_the_limit_counts_the_decompressed_body(
    client: FlaskClient, compression: Any, chunked: bool
) -> None:
    encoding, compress = compression
    status = [
        send(client, compress(blank_body(length)), encoding=encoding, chunked=chunked).status_code
        for length in (100 * KIB, 100 * KIB + 1)
    ]
    # The route has required properties, so an empty object is as far as it gets.
    assert status == [400, 413]


def test_pushes_have_a_limit_of_their_own(
    client: FlaskClient, family: Family, compression: Any, chunked: bool
) -> None:
    encoding, compress = compression
    body = json.dumps({"deviceAuthToken": family.parent.token, "actions": []}).encode()
    status = [
        send(
            client,
            compress(body.ljust(length)),
            path=PUSH,
            encoding=encoding,
            chunked=chunked,
        ).status_code
        for length in (5120 * KIB, 5120 * KIB + 1)
    ]
    assert status == [200, 413]


@pytest.mark.parametrize(
    "route", [route for route in OPEN_ROUTES if route.schema], ids=lambda route: route.path
)
def test_only_pushes_may_be_longer_than_100_kib(client: FlaskClient, route: Any) -> None:
    response = send(client, blank_body(100 * KIB + 1), path=route.path)
    assert (response.status_code == 413) is (route.path != PUSH)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_zip_bomb_is_not_decompressed_beyond_the_limit(
    client: FlaskClient, encoding: str
) -> None:
    compress = gzip.compress if encoding == "gzip" else zlib.compress
    bomb = compress(bytes(50_000 * KIB), 9)
    tracemalloc.start()
    try:
        response = send(client, bomb, encoding=encoding)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert response.status_code == 413
    assert peak < 2000 * KIB


def test_uncompressed_data_with_a_compression_header_is_refused(
    client: FlaskClient, chunked: bool
) -> None:
    response = send(client, bytes(300 * KIB), encoding="gzip", chunked=chunked)
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", TEXT),
        ("gzip", zlib.compress(TEXT)),
        ("gzip", gzip.compress(TEXT)[:-1]),
        ("gzip", gzip.compress(TEXT)[:12]),
        ("gzip", gzip.compress(TEXT) + b"x"),
        ("gzip", gzip.compress(TEXT)[:-8] + bytes(8)),
        ("deflate", TEXT),
        ("deflate", gzip.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)[:-1]),
        ("deflate", zlib.compress(TEXT) + b"x"),
        ("deflate", raw_deflate(TEXT)[:-1]),
    ],
)
def test_broken_compression_is_refused(client: FlaskClient, encoding: str, data: bytes) -> None:
    assert send(client, data, encoding=encoding).status_code == 400


@pytest.mark.parametrize("encoding", ["br", "x-gzip", "zstd", "gzip, gzip", "gzip, identity", ""])
def test_other_encodings_are_unsupported(client: FlaskClient, encoding: str) -> None:
    assert send(client, TEXT, encoding=encoding).status_code == 415


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "application/json; boundary=x",
    ],
)
def test_json_is_recognised_by_its_content_type(client: FlaskClient, content_type: str) -> None:
    assert send(client, TEXT, content_type=content_type).json == ANSWER


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/json5",
        "application/vnd.api+json",
        "application/x-www-form-urlencoded",
        "text/plain; charset=latin1",
    ],
)
def test_another_content_type_counts_as_an_empty_object(
    client: FlaskClient, content_type: str | None
) -> None:
    response = send(client, TEXT, content_type=content_type, encoding="br")
    assert response.status_code == 400
    assert response.json is not None
    assert "deviceAuthToken" in response.json["message"]


@pytest.mark.parametrize("charset", ["us-ascii", "latin1", "iso-8859-1", "utf8", "utf-9"])
def test_other_charsets_are_unsupported(client: FlaskClient, charset: str) -> None:
    response = send(client, TEXT, content_type=f"application/json; charset={charset}")
    assert response.status_code == 415


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "utf-16le", "utf-16-be", "utf-32"])
def test_unicode_charsets_are_accepted(client: FlaskClient, charset: str) -> None:
    data = json.dumps({"deviceAuthToken": "ä😀"}, ensure_ascii=False).encode(charset)
    response = send(client, data, content_type=f"application/json; charset={charset}")
    assert response.json == ANSWER


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + TEXT,
        b" \r\n\t" + TEXT + b"\n",
        b'{"deviceAuthToken":"\xff\xfe\xc3"}',
        rb'{"deviceAuthToken":"\ud800"}',
        rb'{"deviceAuthToken":"\u0000"}',
        b'{"deviceAuthToken":1,"deviceAuthToken":"x"}',
    ],
    ids=["byte order mark", "blanks", "invalid UTF-8", "surrogate", "NUL", "duplicate key"],
)
def test_unusual_json_is_accepted(client: FlaskClient, data: bytes) -> None:
    assert send(client, data).json == ANSWER


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"null",
        b"true",
        b"1",
        b'"text"',
        b"[]",
        b"[{}]",
        b"{}",
        b"{",
        TEXT + b"x",
        TEXT + TEXT,
        TEXT[:-1] + b",}",
        b"/**/" + TEXT,
        b"\xef\xbb\xbf\xef\xbb\xbf" + TEXT,
        b'{"deviceAuthToken":NaN}',
        b'{"deviceAuthToken":Infinity}',
        b'{"deviceAuthToken":1e999}',
        b'{"deviceAuthToken":null}',
        b'{"deviceAuthToken":"x","deviceAuthToken":1}',
        b'{"deviceAuthToken":"x","more":1}',
        b'{"deviceAuthToken":["x"]}',
        b'{"deviceAuthToken":"\n"}',
        b"[" * 90_000,
        b'{"deviceAuthToken":' + b"[" * 90_000,
        b'{"deviceAuthToken":' + b"9" * 90_000 + b"}",
    ],
)
def test_malformed_bodies_are_refused(client: FlaskClient, data: bytes) -> None:
    assert send(client, data).status_code == 400
