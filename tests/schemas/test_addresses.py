"""Validation of mail addresses (accounts.md, 2.2)."""

import pytest

from models import TEXT_LENGTH
from schemas.addresses import NoAddress, bare_address, canonical, deliverable, domain_of


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("a@x.de", "a@x.de"),
        (" a@x.de ", "a@x.de"),
        ("<a@x.de>", "a@x.de"),
        ("Name <a@x.de>", "a@x.de"),
        ("Dr. Name <a@x.de>", "a@x.de"),
        ('"Name, First" <a@x.de>', "a@x.de"),
        ('"b@y.de" <a@x.de>', "a@x.de"),
        ("a(comment)@x.de", "a@x.de"),
        ("a @ x.de", "a@x.de"),
        ("a@b", "a@b"),
        ("a@-x.de", "a@-x.de"),
        ("a@[127.0.0.1]", "a@[127.0.0.1]"),
        ("ä@x.de", "ä@x.de"),
        ("a@münchen.de", "a@münchen.de"),
        ('"q uoted"@x.de', "q uoted@x.de"),
        ("Mixed.Case@Example.DE", "Mixed.Case@Example.DE"),
        ("a+tag_1-2.b@x.de", "a+tag_1-2.b@x.de"),
        ("x" * (TEXT_LENGTH - 5) + "@x.de", "x" * (TEXT_LENGTH - 5) + "@x.de"),
    ],
)
def test_an_address_is_reduced_to_what_mails_are_sent_to(text: str, bare: str) -> None:
    assert bare_address(text) == bare


@pytest.mark.parametrize(
    "text",
    [
        "a@x.de, b@x.de",
        "a@x.de,",
        ",a@x.de",
        "Name <a@x.de> , ",
        "group: a@x.de;",
        "group:;",
        "a.@x.de",
        ".a@x.de",
        "a..b@x.de",
        "@x.de",
        '""@x.de',
        "a@",
        "a@x.de.",
        "a@x..de",
        "a@x.de\n",
        "",
        " ",
        "a",
        "<>",
        "a b@x.de",
        "a@b@x.de",
        "<a@x.de> more",
        "a@x.de\r\nBcc: b@x.de",
        "a@x.de\0",
        "a\u2028@x.de",
        "\ud800@x.de",
        "x" * (TEXT_LENGTH - 4) + "@x.de",
    ],
)
def test_anything_other_than_one_address_is_refused(text: str) -> None:
    with pytest.raises(NoAddress):
        bare_address(text)


def test_the_domain_is_what_follows_the_last_at_sign() -> None:
    assert domain_of(bare_address('"a@y.de"@x.de')) == "x.de"


@pytest.mark.parametrize(
    ("bare", "expected"),
    [
        ("a@x.de", "a@x.de"),
        ("q uoted@x.de", '"q uoted"@x.de'),
        ("a@y.de@x.de", '"a@y.de"@x.de'),
        ("a@münchen.de", "a@xn--mnchen-3ya.de"),
        ("a@[127.0.0.1]", "a@[127.0.0.1]"),
        ("ä@x.de", "ä@x.de"),
    ],
)
def test_mail_servers_get_quotes_and_ascii_domains(bare: str, expected: str) -> None:
    assert deliverable(bare).addr_spec == expected


@pytest.mark.parametrize(
    "domain",
    [
        "\uff45xample.com",  # full-width e
        "example\u3002com",  # ideographic full stop
        "exam\u00adple\u00fc.com",  # soft hyphen
        "stra\u00dfe.example",  # mails would go to strasse.example
        "\u2460.example",  # circled 1
    ],
)
def test_domain_that_is_another_one_is_refused(domain: str) -> None:
    with pytest.raises(NoAddress):
        bare_address(f"a@{domain}")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A@Example.ORG", "a@example.org"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("a@BÜCHER.example", "a@bu\u0308cher.example"),
    ],
)
def test_spellings_of_an_address_have_one_canonical_form(one: str, other: str) -> None:
    assert canonical(bare_address(one)) == canonical(bare_address(other))
