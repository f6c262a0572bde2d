"""The address of a client: the peer, or the address that a trusted proxy names."""

import pytest
from marshmallow import ValidationError

from settings import Networks
from tests.observer import Configure
from web.client_address import client_address, client_network


def environ(peer: str, *forwarded_for: str) -> dict[str, str]:
    # As WSGI servers join repeated headers.
    header = {"HTTP_X_FORWARDED_FOR": ",".join(forwarded_for)} if forwarded_for else {}
    return {"REMOTE_ADDR": peer, **header}


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("2001:db8::1", [], "2001:db8::1"),
        ("::ffff:192.0.2.1", [], "192.0.2.1"),
        ("", [], "unknown"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        ("::1", [" 2001:DB8::1 "], "2001:db8::1"),
        ("::ffff:127.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        # The client's own header comes before the address that the proxy appended.
        ("127.0.0.1", ["198.51.100.1, 192.0.2.1"], "192.0.2.1"),
        ("127.0.0.1", ["198.51.100.1", "192.0.2.1"], "192.0.2.1"),
        ("127.0.0.1", ["198.51.100.1, 127.0.0.1, 192.0.2.1"], "192.0.2.1"),
        # Two proxies on this machine
        ("127.0.0.1", ["192.0.2.1, 127.0.0.2"], "192.0.2.1"),
        ("127.0.0.1", ["127.0.0.1"], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.1, junk"], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.1, "], "127.0.0.1"),
        # Only trusted proxies are believed.
        ("192.0.2.1", ["198.51.100.1"], "192.0.2.1"),
        ("192.0.2.1", ["127.0.0.1"], "192.0.2.1"),
    ],
)
def test_x_forwarded_for_counts_as_far_as_trusted_proxies_wrote_it(
    peer: str, forwarded_for: list[str], client: str
) -> None:
    assert client_address(environ(peer, *forwarded_for)) == client


@pytest.mark.parametrize(
    ("proxies", "client"),
    [
        ("172.16.0.0/12", "192.0.2.1"),
        ("10.0.0.1, 172.17.0.2", "192.0.2.1"),
        ("172.17.0.3", "172.17.0.2"),
        ("127.0.0.1", "172.17.0.2"),
    ],
)
def test_trusted_proxies_are_a_setting(configure: Configure, proxies: str, client: str) -> None:
    configure(trusted_proxies=Networks().deserialize(proxies))
    assert client_address(environ("172.17.0.2", "192.0.2.1")) == client


@pytest.mark.parametrize("proxies", ["proxy", "172.17.0.0/33", "172.17.0.1/12", "*"])
def test_trusted_proxies_must_be_addresses_or_networks(proxies: str) -> None:
    with pytest.raises(ValidationError):
        Networks().deserialize(proxies)


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:1:2:3:4:5", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", "unknown"),
    ],
)
def test_limits_see_the_64_network_of_an_ipv6_address(peer: str, network: str) -> None:
    assert client_network(environ(peer)) == network
