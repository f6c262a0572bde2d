"""Fixtures of tests about logins by mail."""

import pytest
from flask.testing import FlaskClient

from tests.accounts.login import ask
from tests.mail_servers import Mailbox
from tests.wire import new_address


@pytest.fixture
def address() -> str:
    return new_address().replace("@example.com", "@Example.org")


@pytest.fixture
def login(client: FlaskClient, mailbox: Mailbox, address: str) -> tuple[str, str]:
    """A mail login token and its code."""
    token = ask(client, address)["mailLoginToken"]
    return token, mailbox.next().code
