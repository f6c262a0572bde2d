"""Where settings come from: environment, settings file, files of secrets."""

import json
import os
from pathlib import Path

import pytest

import settings
import settings_file
from settings_file import CONFIG, BadSource
from tests.command_line import run

TOKEN = "a token that is long enough"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file, which nothing else overrides."""
    path = tmp_path / "settings.env"
    path.touch(mode=0o600)
    for name in settings.defaults():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(CONFIG, str(path))
    return path


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("MAIL_IMPRINT=two words", "two words"),
        ("MAIL_IMPRINT = no assignment", None),
        ("  MAIL_IMPRINT=spaces around  ", "spaces around"),
        ("export MAIL_IMPRINT=exported", "exported"),
        ('MAIL_IMPRINT="quoted # text"', "quoted # text"),
        (r'MAIL_IMPRINT="a \"word\" and \\"', 'a "word" and \\'),
        ("MAIL_IMPRINT='it'\"'\"'s'", "it's"),
        ('MAIL_IMPRINT="two\nlines"', "two\nlines"),
        ('MAIL_IMPRINT={"json": "it\'s"}', '{"json": "it\'s"}'),
        (r"MAIL_IMPRINT=C:\path", r"C:\path"),
        ("MAIL_IMPRINT=p#ss=word", "p#ss=word"),
        ('MAIL_IMPRINT="open', None),
        ('MAIL_IMPRINT="closed" too early', None),
        ("MAIL_IMPRINT", None),
        ("# MAIL_IMPRINT=a comment\n; another\n\n", ""),
        ("MAIL_IMPRINT=", ""),
    ],
)
def test_a_line_is_read_as_systemd_reads_it(file: Path, line: str, value: str | None) -> None:
    file.write_text(f"PORT=9000\n{line}\n")
    if value is None:
        with pytest.raises(BadSource, match=f"{file}, line 2: "):
            settings.load()
    else:
        assert settings.load().mail_imprint == value
        assert settings.load().port == 9000


def test_a_file_of_a_windows_editor_is_read(file: Path) -> None:
    file.write_bytes(b'\xef\xbb\xbfPORT=9000\r\nMAIL_IMPRINT="two words"\r\n')
    assert settings.load().port == 9000
    assert settings.load().mail_imprint == "two words"


def test_a_folder_that_cannot_be_looked_into_is_named(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(CONFIG)
    folder = "a" * 300  # as this also fails for root
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder}/timelimit.db")
    with pytest.raises(BadSource, match=f"settings file {folder}/.* too long.* DATABASE_URL"):
        settings.load()


def test_the_environment_wins(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("PORT=9000\nLOG_LEVEL=debug\n")
    monkeypatch.setenv("PORT", "9001")
    monkeypatch.setenv("LOG_LEVEL", " ")
    given = settings.gather()
    assert given.values == {"PORT": "9001", "LOG_LEVEL": "debug"}
    assert given.origins == {"PORT": "environment", "LOG_LEVEL": str(file)}


@pytest.mark.parametrize("name", settings.SECRET)
def test_a_secret_can_be_in_a_file_of_its_own(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from the file\n")
    monkeypatch.setenv(f"{name}_FILE", str(secret))
    file.write_text(f"{name}=from the settings file\n")
    given = settings.gather()
    assert (given.values[name], given.origins[name]) == ("from the file", str(secret))

    monkeypatch.setenv(name, "from the environment")
    with pytest.raises(BadSource, match=f"{name} and {name}_FILE are both set in environment"):
        settings.gather()


def test_a_file_that_is_no_secret_is_no_setting(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT_FILE", str(file))
    assert settings.load().port == 8080


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "No such file"), (b" \n", "empty"), (b"\xff", "UTF-8")]
)
def test_a_secret_that_cannot_be_read_is_named(
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes | None,
    problem: str,
) -> None:
    secret = tmp_path / "secret"
    if content is not None:
        secret.write_bytes(content)
    monkeypatch.setenv("ADMIN_TOKEN_FILE", str(secret))
    with pytest.raises(BadSource, match=f"ADMIN_TOKEN_FILE: {secret} .*{problem}"):
        settings.load()


def test_the_file_is_the_one_of_the_system_or_lies_beside_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(CONFIG, raising=False)
    system_file = tmp_path / "system.env"
    monkeypatch.setattr(settings_file, "SYSTEM_FILE", system_file)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/data/my.db")
    assert settings.gather().file is None

    beside = tmp_path / "data" / "timelimit-sync.env"
    beside.parent.mkdir()
    beside.touch()
    assert settings.gather().file == beside

    system_file.touch()
    assert settings.gather().file == system_file


def test_a_file_that_is_named_must_exist(file: Path) -> None:
    file.unlink()
    result = run("config")
    assert result.exit_code == os.EX_CONFIG
    assert f"the settings file {file} can't be read: No such file" in result.output


def test_names_that_are_probably_misspelt_are_told(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABSE_URL", "sqlite:///other.db")
    monkeypatch.setenv("HOSTNAME", "of the shell")
    file.write_text("ADMIN_TOKEN_FILES=x\nTZ=UTC\n")
    assert settings.gather().remarks == [
        "DATABSE_URL (environment) is no setting; is DATABASE_URL meant?",
        f"ADMIN_TOKEN_FILES ({file}) is no setting; is ADMIN_TOKEN_FILE meant?",
        f"TZ ({file}) is no setting",
    ]


def test_secrets_that_all_can_read_are_told(file: Path) -> None:
    file.write_text(f"ADMIN_TOKEN={TOKEN}\n")
    assert settings.gather().remarks == []
    file.chmod(0o644)
    assert f"chmod o= {file}" in settings.gather().remarks[0]
    file.write_text("PORT=9000\n")
    assert settings.gather().remarks == []


def test_config_shows_all_settings_without_secrets(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(f"ADMIN_TOKEN={TOKEN}\nDATABASE_URL=mysql://u:sesame@host/db\n")
    monkeypatch.setenv("PORT", "9001")
    shown = json.loads(run("config", "--json").output)
    assert shown["file"] == str(file)
    rows = {row["name"]: (row["value"], row["origin"]) for row in shown["settings"]}
    assert rows.keys() == settings.defaults().keys()
    assert rows["PORT"] == ("9001", "environment")
    assert rows["ALWAYS_PRO"] == ("yes", "default")
    assert rows["ADMIN_TOKEN"] == ("***", str(file))
    assert rows["DATABASE_URL"] == ("***", str(file))

    text = run("config").output
    assert TOKEN not in text
    assert "sesame" not in text
    for name, (value, origin) in rows.items():
        assert any(
            {name, f"({origin})", *value.split()} <= {*line.split()} for line in text.splitlines()
        )


def test_config_tells_what_is_wrong(file: Path) -> None:
    file.write_text("PORT=9000\nALWAYS_PRO=true\n")
    result = run("config")
    assert result.exit_code == os.EX_CONFIG
    assert "9000" in result.output
    assert f"ALWAYS_PRO=true: must be yes or no (set in {file})" in result.output


def test_defaults_are_what_they_would_be_if_they_were_written() -> None:
    assert settings.from_environment(settings.defaults()) == settings.from_environment({})


def test_the_option_names_the_file(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.env"
    other.write_text("PORT=9002\n")
    assert f"9002  ({other})" in run("--config", str(other), "config").output
