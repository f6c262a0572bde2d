"""Identity tokens, byte by byte (crypto.md, 6 and 8.6)."""

import base64
import hmac
import json
from typing import Any

import pytest

from accounts.identity_tokens import InvalidToken, new_identity_token, read_identity_token
from models import User
from tests.stopped_clock import Clock

SECRET = "test-sign-secret"
EXPIRES = 4102444800
PAYLOAD = {
    "purpose": "purchase",
    "familyId": "famAAAAAA1",
    "userId": "parA01",
    "mail": "parent@example.org",
    "exp": EXPIRES,
}
TOKEN = """\
ZXlKaGJHY2lPaUpJVXpVeE1pSjkuZXlK
d2RYSndiM05sSWpvaWNIVnlZMmhoYzJV
aUxDSm1ZVzFwYkhsSlpDSTZJbVpoYlVG
QlFVRkJRVEVpTENKMWMyVnlTV1FpT2lK
d1lYSkJNREVpTENKdFlXbHNJam9pY0dG
eVpXNTBRR1Y0WVcxd2JHVXViM0puSWl3
aVpYaHdJam8wTVRBeU5EUTBPREF3ZlEu
Z2RTMThEQUhsSG5zNGxiRUV1TzJCMDVN
OVN0d2FjZV9teFdMRmFoSTZYamxPbjBN
OWVlVC1IRF9OMnp4LTRJN1phVExnanVR
Sm9kY0FfRWlNeTN6Snc="""


NO_JWTS = (b"..", b"a.b", b"a.b.c.d", b"{}.{}.", b"\xff.\xff.\xff")


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(payload: Any = PAYLOAD, *, header: Any = None, digest: str = "sha512") -> str:
    """A token with any content."""
    parts = [base64url(json.dumps(part).encode()) for part in (header or {"alg": "HS512"}, payload)]
    mac = hmac.new(SECRET.encode(), ".".join(parts).encode(), digest).digest()
    return base64.b64encode(".".join((*parts, base64url(mac))).encode()).decode()


def read(token: str, *, tolerance_s: int = 0, secret: str = SECRET) -> dict[str, Any]:
    return read_identity_token(token, secret, tolerance_s=tolerance_s)


def test_a_token_has_the_published_form(server_clock: Clock) -> None:
    server_clock.now = (EXPIRES - 7 * 24 * 60 * 60) * 1000 + 999
    parent = User(family_id="famAAAAAA1", user_id="parA01", mail="parent@example.org")
    assert new_identity_token(parent, SECRET) == TOKEN


@pytest.mark.parametrize(
    "token",
    [TOKEN, TOKEN.replace("\n", ""), TOKEN.replace("\n", "\r\n"), f" {TOKEN}\n", signed()],
)
def test_a_token_can_be_copied_with_any_line_breaks(token: str) -> None:
    assert read(token) == PAYLOAD


@pytest.mark.parametrize("tolerance_s", [0, 28 * 24 * 60 * 60])
def test_a_token_expires(server_clock: Clock, tolerance_s: int) -> None:
    server_clock.now = (EXPIRES + tolerance_s) * 1000 - 1
    assert read(TOKEN, tolerance_s=tolerance_s) == PAYLOAD
    server_clock.forward(1)
    with pytest.raises(InvalidToken, match="too old"):
        read(TOKEN, tolerance_s=tolerance_s)


def test_a_token_of_another_server_is_refused() -> None:
    with pytest.raises(InvalidToken, match="signature"):
        read(TOKEN, secret="another")


def test_a_changed_token_is_refused() -> None:
    header, _, mac = base64.b64decode(TOKEN).decode().split(".")
    other = base64url(json.dumps({**PAYLOAD, "userId": "parA02"}).encode())
    forged = base64.b64encode(f"{header}.{other}.{mac}".encode()).decode()
    with pytest.raises(InvalidToken, match="signature"):
        read(forged)


@pytest.mark.parametrize(
    ("header", "digest"),
    [({"alg": "HS256"}, "sha256"), ({"alg": "HS256"}, "sha512"), ({"alg": "none"}, "sha512")],
)
def test_a_token_is_signed_with_hs512(header: dict[str, str], digest: str) -> None:
    with pytest.raises(InvalidToken, match="HS512"):
        read(signed(header=header, digest=digest))


@pytest.mark.parametrize(
    "payload",
    [
        [],
        "text",
        {},
        {**PAYLOAD, "more": 1},
        {name: PAYLOAD[name] for name in PAYLOAD if name != "mail"},
        {**PAYLOAD, "purpose": "gift"},
        {**PAYLOAD, "familyId": 1},
        {**PAYLOAD, "userId": None},
        {**PAYLOAD, "mail": None},
        {**PAYLOAD, "exp": str(EXPIRES)},
        {**PAYLOAD, "exp": True},
        {**PAYLOAD, "exp": EXPIRES + 0.5},
    ],
)
def test_a_token_has_exactly_its_content(payload: Any) -> None:
    with pytest.raises(InvalidToken, match="content"):
        read(signed(payload))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "ä",
        "!",
        "AAAA",
        *(base64.b64encode(jwt).decode() for jwt in (b"..", b"a.b", b"a.b.c.d")),
    ],
)
def test_malformed_tokens_are_refused(token: str) -> None:
    with pytest.raises(InvalidToken, match="malformed"):
        read(token)
