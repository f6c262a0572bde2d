"""The form of mails (mails.md, 2 and 5)."""

from email import message_from_bytes
from email.policy import SMTPUTF8
from html import escape, unescape

import pytest

from mails import Mail
from mails.render import render
from tests.mail_servers import Received
from tests.observer import Configure

VALUES = {
    "login code": {"code": "apple banana cherry", "device": "Tablet <1> & more"},
    "device linked": {"device": "Tablet <1> & more"},
    "password reset": {},
    "account deleted": {},
    "manipulation": {"device": "Tablet <1> & more"},
    "uninstall": {"device": "Tablet <1> & more"},
    "task done": {"child": "Anna <1>", "task": "Wash & dry"},
}
IN_ONE_LANGUAGE = ["login code", "device linked", "password reset"]

#: A word of each language that is in every mail of that language.
GERMAN_WORDS = {"der", "die", "das", "Sie", "Ihr", "Ihre", "hat", "wurde"}
ENGLISH_WORDS = {"the", "Your", "your", "was", "says"}


@pytest.fixture(autouse=True)
def sender(configure: Configure) -> None:
    configure(mail_sender="Zeit für Kinder <no@example.org>")


def read(mail: Mail) -> Received:
    return Received("", [], render(mail).as_bytes())


def languages(mail: Received) -> set[str]:
    words = set(mail.text.partition("Diese E-Mail wurde")[0].split())
    return {
        language
        for language, typical in (("de", GERMAN_WORDS), ("en", ENGLISH_WORDS))
        if words & typical
    }


@pytest.mark.parametrize("locale", ["de", "en"])
@pytest.mark.parametrize("kind", VALUES)
def test_every_kind_has_a_subject_and_two_parts_with_the_same_text(kind: str, locale: str) -> None:
    mail = read(Mail("a@x.de", kind, VALUES[kind], locale))
    assert mail.subject.strip() == mail.subject != ""
    assert mail.message.get_content_type() == "multipart/alternative"
    paragraphs = mail.text.partition("----------")[0].split("\n\n")
    assert all(paragraph.strip() in unescape(mail.html) for paragraph in paragraphs)
    for value in VALUES[kind].values():
        assert value in mail.text
        assert escape(value) in mail.html


@pytest.mark.parametrize("kind", IN_ONE_LANGUAGE)
@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("de", "de"),
        ("de-DE", "de"),
        ("de_AT", "de"),
        ("DE", "de"),
        (" de", "de"),
        ("en", "en"),
        ("en-DE", "en"),
        ("den", "en"),
        ("fr", "en"),
        ("", "en"),
        ("../../x", "en"),
    ],
)
def test_the_locale_chooses_the_language(kind: str, locale: str, language: str) -> None:
    assert languages(read(Mail("a@x.de", kind, VALUES[kind], locale))) == {language}


@pytest.mark.parametrize("kind", sorted(set(VALUES) - set(IN_ONE_LANGUAGE)))
def test_mails_without_a_locale_are_in_both_languages(kind: str) -> None:
    assert languages(read(Mail("a@x.de", kind, VALUES[kind]))) == {"de", "en"}


def test_the_code_is_on_a_line_of_its_own() -> None:
    for locale in ("de", "en"):
        mail = read(Mail("a@x.de", "login code", VALUES["login code"], locale))
        assert "\n\napple banana cherry\n\n" in mail.text


def test_a_login_mail_without_a_device_names_none() -> None:
    with_device = read(Mail("a@x.de", "login code", VALUES["login code"], "en"))
    without = read(Mail("a@x.de", "login code", {"code": "apple banana cherry"}, "en"))
    assert 'device "Tablet' in with_device.text
    assert 'device "' not in without.text
    assert "\n\n\n" not in without.text.strip()


@pytest.mark.parametrize("name", ["a\r\nBcc: b@x.de", "a\n\nb", "a\u2028b", "a\0\tb", "\ud800"])
def test_names_cannot_contain_line_breaks(name: str) -> None:
    mail = read(Mail("a@x.de", "task done", {"child": name, "task": name}))
    assert "Bcc" not in mail.message
    plain = read(Mail("a@x.de", "task done", {"child": "a", "task": "a"}))
    assert len(mail.text.splitlines()) == len(plain.text.splitlines())


def test_the_subject_says_what_the_mail_is_about() -> None:
    assert read(Mail("a@x.de", "task done", VALUES["task done"])).subject == "Anna <1>: Wash & dry"
    for kind in ("manipulation", "uninstall"):
        assert "Tablet <1> & more" in read(Mail("a@x.de", kind, VALUES[kind])).subject


def test_names_may_contain_any_letters() -> None:
    mail = read(Mail("a@x.de", "task done", {"child": "Zoë 👩‍👧", "task": "片付け"}))
    assert mail.subject == "Zoë 👩‍👧: 片付け"
    assert "Zoë 👩‍👧" in mail.text
    assert "片付け" in mail.html


def test_the_imprint_ends_a_mail(configure: Configure) -> None:
    without = read(Mail("a@x.de", "account deleted"))
    imprint = "Me & you\nStreet 1\n\nPhone <1>"
    configure(mail_imprint=imprint)
    mail = read(Mail("a@x.de", "account deleted"))
    assert mail.text.rstrip() == f"{without.text.rstrip()}\n\n{imprint}"
    assert "Me &amp; you\nStreet 1" in mail.html
    assert "Phone &lt;1&gt;" in mail.html


def test_headers_name_the_sender_and_mark_the_mail_as_automatic() -> None:
    made = render(Mail("q uoted@münchen.de", "account deleted"))
    parsed = message_from_bytes(made.as_bytes(), policy=SMTPUTF8)
    assert parsed["From"].addresses[0].display_name == "Zeit für Kinder"
    assert parsed["From"].addresses[0].addr_spec == "no@example.org"
    assert [each.addr_spec for each in parsed["To"].addresses] == ['"q uoted"@xn--mnchen-3ya.de']
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["Message-ID"].endswith("@example.org>")
    assert parsed["Date"].datetime is not None


def test_lines_are_short_and_7_bit() -> None:
    values = {"child": "ä" * 255, "task": "x" * 50}
    for line in render(Mail("a@x.de", "task done", values)).as_bytes().splitlines():
        assert line.isascii()
        assert len(line) <= 78
