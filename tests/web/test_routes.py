"""The table of routes beside the endpoints that the reference of the protocol describes."""

import re
from pathlib import Path

from web.routes import ROUTES

PROTOCOL = Path(__file__).parents[2] / "docs/protocol"

#: Described as one that a server without Google Play doesn't have.
LEFT_OUT = {("POST", "/purchase/finish-purchase-by-debts")}


def test_routes_are_the_endpoints_of_the_protocol() -> None:
    described = {
        endpoint
        for page in PROTOCOL.glob("*.md")
        for endpoint in re.findall(r"^#+ .*?(GET|POST) (/[\w/-]*)", page.read_text(), flags=re.M)
    }
    assert {(route.method, route.path) for route in ROUTES} == described - LEFT_OUT
