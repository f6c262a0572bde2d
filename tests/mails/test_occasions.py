"""Events and their mails (mails.md, 1, 3 and 5)."""

import pytest
from flask.testing import FlaskClient

import models
from storage import database as db
from tests import actions
from tests.mail_servers import Mailbox, ScriptedServer
from tests.observer import Configure
from tests.passwords import PASSWORD_HASH, SECOND_HASH, SECOND_SALT
from tests.wire import Device, Family, post

MAIL = "parent@example.org"
OTHER_MAIL = "other@example.org"


@pytest.fixture
def family(client: FlaskClient, mailbox: Mailbox) -> Family:
    """A family whose parent has an address and wants all mails."""

    @db.writing
    def forget_others() -> None:
        models.Family.delete().where(
            models.Family.family_id.in_(
                models.User.select(models.User.family_id).where(
                    models.User.mail.in_([MAIL, OTHER_MAIL])
                )
            )
        ).execute()

    forget_others()
    return Family(client, mail=MAIL)


@pytest.fixture
def device(family: Family) -> Device:
    return family.add_device("Tablet", user=family.add_child("Anna"))


def proof(client: FlaskClient, mailbox: Mailbox, address: str = MAIL) -> str:
    """A mail auth token."""
    asked = post(client, "/auth/send-mail-login-code-v2", {"mail": address, "locale": "de-DE"})
    body = {**asked, "receivedCode": mailbox.next().code}
    return str(post(client, "/auth/sign-in-by-mail-code", body)["mailAuthToken"])


def set_flags(family: Family, flags: int, *, parent: str | None = None) -> None:
    for bits, wanted in ((flags, True), (3 & ~flags, False)):
        family.parent_does(
            actions.update_parent_notification_flags(parent or family.parent_user, bits, set=wanted)
        )


TRY_DISABLING = actions.tried_disabling_device_admin()


def finish_task(family: Family, device: Device) -> None:
    child = next(
        entry["currentUserId"]
        for entry in family.parent.full_pull()["devices"]["data"]
        if entry["deviceId"] == device.id
    )
    task_id = family.new_id("t")
    family.parent_does(
        actions.update_child_task(task_id, family.add_category(child), taskTitle="Dishes")
    )
    device.applies(actions.mark_task_pending(task_id))


def report_removed(client: FlaskClient, device: Device) -> None:
    body = {"deviceAuthToken": device.token}
    assert post(client, "/sync/report-removed", body) == {"ok": True}


def test_a_manipulation_is_mailed(device: Device, mailbox: Mailbox) -> None:
    device.applies(TRY_DISABLING)
    mail = mailbox.next()
    assert mail.recipients == [MAIL]
    assert "Tablet" in mail.subject


def test_a_reset_of_the_app_is_mailed_once(
    client: FlaskClient, device: Device, mailbox: Mailbox
) -> None:
    for _ in range(2):
        report_removed(client, device)
    (mail,) = mailbox.rest()
    assert mail.recipients == [MAIL]
    assert "Tablet" in mail.subject


def test_a_finished_task_is_mailed(family: Family, device: Device, mailbox: Mailbox) -> None:
    finish_task(family, device)
    assert mailbox.next().subject == "Anna: Dishes"


def test_the_flags_choose_the_mails(
    client: FlaskClient, family: Family, device: Device, mailbox: Mailbox
) -> None:
    set_flags(family, 2)
    device.applies(TRY_DISABLING)
    finish_task(family, device)
    assert [mail.subject for mail in mailbox.rest()] == ["Anna: Dishes"]
    set_flags(family, 1)
    finish_task(family, device)
    report_removed(client, device)
    (mail,) = mailbox.rest()
    assert "Tablet" in mail.subject


def test_every_parent_gets_a_mail_of_its_own(
    client: FlaskClient, family: Family, device: Device, mailbox: Mailbox
) -> None:
    other = family.add_parent()
    family.add_parent("Without an address")
    post(
        client,
        "/parent/link-mail-address",
        {
            "mailAuthToken": proof(client, mailbox, OTHER_MAIL),
            "deviceAuthToken": family.parent.token,
            "parentUserId": other,
            "parentPasswordSecondHash": SECOND_HASH,
        },
    )
    device.applies(TRY_DISABLING)
    assert [mail.recipients for mail in mailbox.rest()] == [[MAIL]]  # the other has no flags yet
    set_flags(family, 1, parent=other)
    report_removed(client, device)
    mails = mailbox.rest()
    assert sorted(mail.recipients for mail in mails) == [[OTHER_MAIL], [MAIL]]
    tokens = [proof(client, mailbox, address) for address in (MAIL, OTHER_MAIL)]
    body = {"deviceAuthToken": family.parent.token, "mailAuthTokens": tokens}
    post(client, "/parent/delete-account", body)
    goodbyes = mailbox.rest()
    assert sorted(mail.recipients for mail in goodbyes) == [[OTHER_MAIL], [MAIL]]


def test_a_linked_device_is_mailed_in_the_language_of_the_login(
    client: FlaskClient, family: Family, mailbox: Mailbox
) -> None:
    body = {
        "mailAuthToken": proof(client, mailbox),
        "parentDevice": {"model": "Model"},
        "deviceName": "New phone",
    }
    post(client, "/parent/sign-in-into-family", body)
    mail = mailbox.next()
    assert mail.recipients == [MAIL]
    assert "Gerät „New phone“" in mail.text


def test_a_changed_password_is_mailed_in_the_language_of_the_login(
    client: FlaskClient, family: Family, mailbox: Mailbox
) -> None:
    password = {"hash": PASSWORD_HASH, "secondHash": SECOND_HASH, "secondSalt": SECOND_SALT}
    body = {"mailAuthToken": proof(client, mailbox), "password": password}
    post(client, "/parent/recover-parent-password", body)
    mail = mailbox.next()
    assert mail.recipients == [MAIL]
    assert "Passwort" in mail.subject


def test_events_do_not_wait_for_a_hanging_mail_server(
    client: FlaskClient, device: Device, mailbox: Mailbox, configure: Configure
) -> None:
    with ScriptedServer(hangs=True) as server:
        server.use(configure)
        device.applies(TRY_DISABLING)
        report_removed(client, device)
        server.connections.get(timeout=5)  # and it keeps hanging
