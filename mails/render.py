"""Rendering of mails (mails.md, 5): the text of `templates/LANGUAGE/KIND.txt`, whose first line is
the subject, as plain text and as HTML."""

import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

import settings
from mails.mail import Mail
from schemas.addresses import deliverable, deliverable_sender

#: Keeps lines short and doesn't rely on 8BITMIME.
_ENCODING = "quoted-printable"

GERMAN = "de"
ENGLISH = "en"

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(mail: Mail) -> EmailMessage:
    """Returns the message for the mail server. Raises UnicodeError for an address that no mail
    server would understand."""
    texts = [_text(mail, language) for language in _languages(mail.locale)]
    # A subject that consists of names only is the same in all languages, and not repeated.
    subject = " / ".join(dict.fromkeys(subject for subject, _ in texts))
    values = {
        "texts": [_paragraphs(body) for _, body in texts],
        "code": mail.values.get("code"),
        "imprint": _paragraphs(settings.current().mail_imprint),
    }
    sender = deliverable_sender(settings.current().mail_sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = (sender,)
    message["To"] = (deliverable(mail.recipient),)
    message["Subject"] = subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.domain)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_templates.get_template("layout.txt").render(values), cte=_ENCODING)
    message.add_alternative(
        _templates.get_template("layout.html").render(values), subtype="html", cte=_ENCODING
    )
    return message


def _languages(locale: str | None) -> tuple[str, ...]:
    """Returns German for `de`, `de-AT` and the like, otherwise English; both for no locale."""
    if locale is None:
        return GERMAN, ENGLISH
    return (GERMAN,) if re.match(r"de(?![a-z])", locale.strip().lower()) else (ENGLISH,)


def _text(mail: Mail, language: str) -> tuple[str, str]:
    """Returns subject and body. Names chosen by users can't add lines."""
    values = {name: _one_line(value) for name, value in mail.values.items()}
    template = f"{language}/{mail.kind.replace(' ', '_')}.txt"
    text = _templates.get_template(template).render(values)
    subject, _, body = text.partition("\n")
    return subject, body


def _one_line(value: str) -> str:
    return " ".join(_CONTROLS.sub(" ", value).split())


def _paragraphs(text: str) -> list[str]:
    return [paragraph.strip() for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]
