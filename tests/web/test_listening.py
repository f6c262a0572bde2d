"""Addresses on which the server can't listen."""

import socket

import pytest

from problem import Problem
from web.listening import require_address


def test_a_port_in_use_is_named_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Problem, match=f"port {port} of 127.0.0.1 is used .* another PORT"):
            require_address("127.0.0.1", port, wait_s=0)
    require_address("127.0.0.1", port, wait_s=0)


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(Problem, match=f"can't listen on {host} .*set HOST to an address of this"):
        require_address(host, 8080)
