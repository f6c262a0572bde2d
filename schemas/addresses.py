"""Mail addresses as people type them (accounts.md, 2.2)."""

import unicodedata
from email.errors import InvalidHeaderDefect
from email.headerregistry import Address
from email.policy import SMTPUTF8

from models import TEXT_LENGTH


class NoAddress(ValueError):
    """A text is not exactly one mail address; the message says why."""


def bare_address(text: str) -> str:
    """Returns the address without names, comments, unnecessary quotes and surrounding spaces. Keeps
    its letter case. Raises NoAddress."""
    if len(text) > TEXT_LENGTH:
        raise NoAddress("it is too long")
    if not text.isprintable():  # a line break could add a header
        raise NoAddress("it has characters that are not allowed")
    try:
        header = SMTPUTF8.header_factory("To", text)
    except Exception as error:  # malformed input causes an IndexError and the like in the parser
        raise NoAddress("it can't be parsed") from error
    if any(isinstance(defect, InvalidHeaderDefect) for defect in header.defects):
        raise NoAddress("it is malformed")
    groups = header.groups
    is_list = len(text.strip().strip(",")) < len(text.strip())
    if (
        is_list
        or len(groups) != 1
        or groups[0].display_name is not None
        or len(groups[0].addresses) != 1
    ):
        raise NoAddress("it is not exactly one address")
    address = groups[0].addresses[0]
    if not address.username or not address.domain:
        raise NoAddress("it lacks the part before or after the @")
    _check_domain(address.domain)
    return f"{address.username}@{address.domain}"


def _check_domain(domain: str) -> None:
    """Refuses domains that mails reach under another name, such as ones in full-width letters:
    limits and lists would take one domain for several."""
    if domain.isascii():
        return
    try:
        meant = _ascii(domain).encode().decode("idna")
    except UnicodeError:
        raise NoAddress("it has a domain that can't exist") from None
    if meant != unicodedata.normalize("NFC", domain).lower():
        raise NoAddress(f"its domain is another way to write {meant!r}")


def _ascii(domain: str) -> str:
    return domain if domain.isascii() else domain.encode("idna").decode()


def canonical(address: str) -> str:
    """The one form of a bare address for comparisons: without letter case, the domain in ASCII."""
    username, _, domain = address.rpartition("@")
    return f"{username.casefold()}@{canonical_domain(domain)}"


def canonical_domain(domain: str) -> str:
    """Likewise for a domain. What cannot be a domain is only folded."""
    try:
        return _ascii(domain).casefold()
    except UnicodeError:
        return domain.casefold()


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def deliverable(address: str) -> Address:
    """Returns a bare address in the form for mail servers: quoted if necessary, with the domain in
    ASCII. Raises UnicodeError."""
    username, _, domain = address.rpartition("@")
    return Address(username=username, domain=_ascii(domain))


def deliverable_sender(text: str) -> Address:
    """Does the same for a text that `bare_address` takes, and keeps the name."""
    name = SMTPUTF8.header_factory("From", text).addresses[0].display_name
    bare = deliverable(bare_address(text))
    return Address(name, bare.username, bare.domain)
