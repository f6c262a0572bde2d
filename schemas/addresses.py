"""Mail addresses as people write them (accounts.md, 2.2)."""

from email.errors import InvalidHeaderDefect
from email.headerregistry import Address
from email.policy import SMTPUTF8

#: Nothing longer can be stored.
MAX_LENGTH = 255


class NoAddress(ValueError):
    """A text is no mail address, or is more than one."""


def bare_address(text: str) -> str:
    """The address without names, comments, quotes and blanks around it; its letter case is kept.
    Raises NoAddress."""
    if len(text) > MAX_LENGTH:
        raise NoAddress("it is too long")
    if not text.isprintable():  # line breaks could become header lines
        raise NoAddress("it has characters that no address has")
    try:
        header = SMTPUTF8.header_factory("To", text)
    except Exception as error:  # the parser has an IndexError and the like for odd input
        raise NoAddress("it can't be read") from error
    if any(isinstance(defect, InvalidHeaderDefect) for defect in header.defects):
        raise NoAddress("it is malformed")
    groups = header.groups
    if len(groups) != 1 or groups[0].display_name is not None or len(groups[0].addresses) != 1:
        raise NoAddress("it is not exactly one address")
    address = groups[0].addresses[0]
    if not address.username or not address.domain:
        raise NoAddress("it lacks the part before or after the @")
    return f"{address.username}@{address.domain}"


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def deliverable(address: str) -> Address:
    """A bare address as mail servers take it: quoted where it has to be, the domain in ASCII."""
    username, _, domain = address.rpartition("@")
    if not domain.isascii():
        domain = domain.encode("idna").decode()
    return Address(username=username, domain=domain)
