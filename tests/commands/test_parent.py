"""`timelimit-sync parent`: new passwords and mail addresses."""

import bcrypt

from models import User
from storage.database import reading
from sync.notifications import ShouldSync
from tests import actions
from tests.command_line import run
from tests.wire import Family, new_address, refusals


def test_a_parent_gets_a_new_password(family: Family, told: list[ShouldSync]) -> None:
    observer = family.add_device()
    observer.pull()
    told.clear()
    result = run("parent", "set-password", family.id, family.parent_user, typed="new secret\n")
    assert result.exit_code == 0, result.output
    assert "new secret" not in result.output

    user = family.user(family.parent_user)
    assert bcrypt.checkpw(b"new secret", user["password"].encode())
    second_hash = bcrypt.hashpw(b"new secret", user["secondPasswordSalt"].encode()).decode()
    observer.as_parent(auth="password", second_hash=second_hash).applies(
        actions.add_user("child0", name="Child")
    )
    with refusals():
        observer.as_parent(auth="password").refuses(actions.add_user("child1", name="Child"))
    assert "users" in observer.news()
    assert ShouldSync(observer.token_hash, is_important=True) in told


def test_a_parent_gets_another_address(family: Family) -> None:
    mail = new_address()
    result = run("parent", "set-mail", family.id, family.parent_user, f"Me <{mail}>")
    assert result.exit_code == 0, result.output
    assert family.user(family.parent_user)["mail"] == mail


def test_an_address_belongs_to_one_parent(family: Family) -> None:
    mail = new_address()
    other = Family(family.client, mail=mail)
    result = run("parent", "set-mail", family.id, family.parent_user, mail.upper())
    assert result.exit_code == 2
    assert f"of {other.parent_user} in family {other.id}" in " ".join(result.output.split())
    # In another letter case, it is still the parent's own.
    assert run("parent", "set-mail", other.id, other.parent_user, mail.lower()).exit_code == 0


def test_wrong_arguments_are_named(family: Family, child: str) -> None:
    for parent, address, problem in (
        (child, "a@example.com", family.parent_user),
        ("nobody", "a@example.com", family.parent_user),
        (family.parent_user, "a@example.com,", "exactly one address"),
        (family.parent_user, "nonsense", "nonsense"),
    ):
        result = run("parent", "set-mail", family.id, parent, address)
        assert result.exit_code == 2
        assert problem in result.output
    assert "there is no family x" in run("parent", "set-mail", "x", "y", "a@b.de").output
    assert reading(lambda: User.get(user_id=family.parent_user).mail)() == ""


def test_an_empty_password_is_refused(family: Family) -> None:
    result = run("parent", "set-password", family.id, family.parent_user, typed="\n")
    assert result.exit_code == 2
    assert "must not be empty" in result.output
