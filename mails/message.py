"""How mails look (mails.md, 5): the text of `templates/LANGUAGE/KIND.txt`, whose first line is the
subject, as plain text and as HTML."""

import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

import settings
from mails.mail import Mail
from schemas.addresses import bare_address, deliverable

#: Keeps lines short, and needs no server that takes 8 bits.
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


def message(mail: Mail) -> EmailMessage:
    """The mail as it is handed to a mail server."""
    texts = [_text(mail, language) for language in _languages(mail.locale)]
    # Names are the same in all languages, so a subject of nothing else is not repeated.
    subject = " / ".join(dict.fromkeys(subject for subject, _ in texts))
    values = {
        "texts": [_paragraphs(body) for _, body in texts],
        "code": mail.values.get("code"),
        "imprint": _paragraphs(settings.current().mail_imprint),
    }
    sender = settings.current().mail_sender
    made = EmailMessage(policy=SMTP)
    made["From"] = sender
    made["To"] = (deliverable(mail.recipient),)
    made["Subject"] = subject
    made["Date"] = formatdate()
    made["Message-ID"] = make_msgid(domain=deliverable(bare_address(sender)).domain)
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(_templates.get_template("layout.txt").render(values), cte=_ENCODING)
    made.add_alternative(
        _templates.get_template("layout.html").render(values), subtype="html", cte=_ENCODING
    )
    return made


def _languages(locale: str | None) -> tuple[str, ...]:
    """German for `de`, `de-AT` and the like, English for all the rest."""
    if locale is None:
        return GERMAN, ENGLISH
    return (GERMAN,) if re.match(r"de(?![a-z])", locale.strip().lower()) else (ENGLISH,)


def _text(mail: Mail, language: str) -> tuple[str, str]:
    """Subject and body. Names that users chose stay within their line."""
    values = {name: _one_line(value) for name, value in mail.values.items()}
    template = f"{language}/{mail.kind.replace(' ', '_')}.txt"
    text = _templates.get_template(template).render(values)
    subject, _, body = text.partition("\n")
    return subject, body


def _one_line(value: str) -> str:
    return " ".join(_CONTROLS.sub(" ", value).split())


def _paragraphs(text: str) -> list[str]:
    return [paragraph.strip() for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]
