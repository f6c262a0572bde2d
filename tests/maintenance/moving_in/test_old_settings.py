"""The environment of timelimit-server becomes settings of this server."""

import shlex

import pytest

import settings
from maintenance.moving_in.old_settings import translate

TRANSPORT = '{"host": "mail.example.com", "port": 465, "secure": true}'

COMPOSE_MAP = f"""
services:
  timelimit:
    image: timelimit-server
    restart: always
    environment:
      NODE_ENV: production
      PORT: 8080
      DATABASE_URL: 'postgres://user:secret@db/timelimit'
      ALWAYS_PRO: "yes"
      ADMIN_TOKEN: "it's 100% \\"secret\\" # token"   # of the operator
      MAIL_TRANSPORT: '{TRANSPORT}'
      MAIL_SENDER: TimeLimit <no@example.com> # shown
      MAIL_WHITELIST:
      POSTGRES_PASSWORD: x
"""

COMPOSE_LIST = f"""
    environment:
      - NODE_ENV=production
      - PORT=8080
      - "DATABASE_URL=postgres://user:secret@db/timelimit"
      - ALWAYS_PRO=yes
      - "ADMIN_TOKEN=it's 100% \\"secret\\" # token"
      - 'MAIL_TRANSPORT={TRANSPORT}'
      - MAIL_SENDER=TimeLimit <no@example.com>
"""

ENV_FILE = f"""
# the old server
export NODE_ENV=production
PORT=8080
DATABASE_URL="postgres://user:secret@db/timelimit"
ALWAYS_PRO=yes
ADMIN_TOKEN="it's 100% \\"secret\\" # token"
MAIL_TRANSPORT='{TRANSPORT}'
MAIL_SENDER='TimeLimit <no@example.com>'
"""

SYSTEMD_UNIT = """
[Service]
ExecStart=/usr/bin/node build/index.js
Environment=NODE_ENV=production PORT=8080
Environment="DATABASE_URL=postgres://user:secret@db/timelimit"
Environment=ALWAYS_PRO=yes
Environment="ADMIN_TOKEN=it's 100%% \\"secret\\" # token"
Environment="MAIL_TRANSPORT={\\"host\\": \\"mail.example.com\\", \\"port\\": 465, \\"secure\\": true}"
Environment="MAIL_SENDER=TimeLimit <no@example.com>"
"""  # noqa: E501

INSPECTED = """
            "Env": [
                "NODE_ENV=production",
                "PORT=8080",
                "DATABASE_URL=postgres://user:secret@db/timelimit",
                "ALWAYS_PRO=yes",
                "ADMIN_TOKEN=it's 100% \\"secret\\" # token",
                "MAIL_TRANSPORT={\\"host\\": \\"mail.example.com\\", \\"port\\": 465, \\"secure\\": true}",
                "MAIL_SENDER=TimeLimit \\u003cno@example.com\\u003e"
            ],
"""  # noqa: E501


def assigned(text: str) -> dict[str, str]:
    """What a shell makes of the lines."""
    return dict(
        shlex.split(line)[0].split("=", 1) for line in text.splitlines() if not line.startswith("#")
    )


@pytest.mark.parametrize(
    "file",
    [COMPOSE_MAP, COMPOSE_LIST, ENV_FILE, SYSTEMD_UNIT, INSPECTED],
    ids=["compose map", "compose list", "env file", "systemd unit", "docker inspect"],
)
def test_settings_are_found_in_whatever_file_has_them(file: str) -> None:
    lines = translate(file)
    assert assigned(lines) == {
        "PORT": "8080",
        "ALWAYS_PRO": "yes",
        "ADMIN_TOKEN": 'it\'s 100% "secret" # token',
        "MAIL_TRANSPORT": TRANSPORT,
        "MAIL_SENDER": "TimeLimit <no@example.com>",
    }
    assert settings.from_environment(assigned(lines)).admin_token.startswith("it's")
    assert "# NODE_ENV has no counterpart" in lines
    assert "# DATABASE_URL has no counterpart" in lines
    assert "user:secret" not in lines


def test_what_is_not_set_has_the_default_of_the_old_server() -> None:
    assert assigned(translate("")) == {"ALWAYS_PRO": "no"}
    assert assigned(translate("ALWAYS_PRO=\n")) == {"ALWAYS_PRO": "no"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("PORT=socketactivation", "1 to 65535"),
        ("ADMIN_TOKEN=short", "ADMIN_TOKEN"),
        ("ADMIN_TOKEN: ${ADMIN_TOKEN:-x}", "variable"),
        ("MAIL_IMPRINT: |", "several lines"),
        (
            'MAIL_TRANSPORT={"service": "Nobody", "auth": {"user": "u", "pass": "p"}}',
            "service: is not known here",
        ),
        ("MAIL_TRANSPORT=nonsense", "MAIL_TRANSPORT"),
        ("GOOGLE_PLAY_PUBLIC_KEY=abc", "not supported"),
    ],
)
def test_what_can_not_be_taken_is_said(line: str, reason: str) -> None:
    name = line.partition("=")[0].partition(":")[0]
    lines = translate(line)
    (comment,) = (each for each in lines.splitlines() if name in each and reason in each)
    assert comment.startswith(f"# {name} ")
    assert name not in assigned(lines)
