"""Accounts: the second factor, recovery codes, lockout, invitations, passwords and sessions; forged, used and expired links."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core import mail, signing
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from directory.accounts import invitations, lockout, second
from directory.accounts.chores import tidy
from directory.models import Invitation, Membership, Organisation, Region, User
from tests.directory.world import person

pytestmark = pytest.mark.django_db
PASSWORD = "a long pass phrase"
LOGIN, CODE, SET_UP, CODES = (
    f"/{path}"
    for path in (
        "admin/login/",
        "staff/accounts/code/",
        "staff/accounts/second-factor/",
        "staff/accounts/recovery-codes/",
    )
)


@pytest.fixture(autouse=True)
def strict(settings: Any) -> None:
    settings.TWO_FACTOR_REQUIRED = True


@pytest.fixture
def user(db: None) -> User:
    return person("reviewer")


def token(device: TOTPDevice, *, step: int = 0) -> str:
    """The code that the app shows now, or `step` times 30 seconds later."""
    clock = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    clock.time = clock.time if not step else __import__("time").time() + 30 * step
    return f"{clock.token():06d}"


def with_app(user: User) -> TOTPDevice:
    device = second.new_device(user)
    assert second.confirm(device, token(device)) is not None
    TOTPDevice.objects.filter(pk=device.pk).update(last_t=-1)  # the code of this moment may be used once more
    device.refresh_from_db()
    return device


def sign_in(client: Client, name: str = "reviewer", password: str = PASSWORD, **extra: Any) -> Any:
    return client.post(LOGIN, {"username": name, "password": password, "next": "/admin/directory/service/"}, **extra)


def inside(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


# The second factor.


def test_the_first_login_sets_up_an_app_and_shows_recovery_codes_once(client: Client, user: User) -> None:
    assert sign_in(client).headers["Location"] == SET_UP and not inside(client)
    page = client.get(SET_UP).content.decode()
    device = TOTPDevice.objects.get(user=user)
    assert second.secret(device) in page and "<svg" in page and "<script>" not in page
    assert client.post(SET_UP, {"code": "000000"}).status_code == 200 and not inside(client)
    assert TOTPDevice.objects.get(user=user).pk == device.pk, "a wrong code keeps the secret"
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    assert client.post(SET_UP, {"code": token(device)}).headers["Location"] == CODES
    shown = re.findall(r"<code>(\w+)</code>", client.get(CODES).content.decode())
    assert len(set(shown)) == 10 and inside(client)
    assert client.post(CODES, {"done": "1"}).headers["Location"] == "/admin/directory/service/"
    assert not any(code in client.get(CODES).content.decode() for code in shown)


def test_logging_in_with_a_code(client: Client, user: User) -> None:
    device = with_app(user)
    assert sign_in(client).headers["Location"] == CODE and not inside(client)
    answer = client.post(CODE, {"code": f" {token(device)[:3]} {token(device)[3:]}"})
    assert answer.headers["Location"] == "/admin/directory/service/" and inside(client)


@pytest.mark.parametrize("given", ["", "12345", "000000", "abcdefgh", "९९९९९९", "' OR 1=1"])
def test_wrong_codes(client: Client, user: User, given: str) -> None:
    with_app(user)
    sign_in(client)
    answer = client.post(CODE, {"code": given})
    assert answer.status_code == 200 and 'class="errorlist"' in answer.content.decode() and not inside(client)


def test_a_code_works_once(client: Client, user: User) -> None:
    device = with_app(user)
    sign_in(client)
    code = token(device)
    client.post(CODE, {"code": code})
    other = Client()
    sign_in(other)
    assert other.post(CODE, {"code": code}).status_code == 200 and not inside(other)


def test_a_recovery_code_works_once_and_warns(client: Client, user: User) -> None:
    device = second.new_device(user)
    codes = second.confirm(device, token(device)) or []
    sign_in(client)
    answer = client.post(CODE, {"code": codes[0].upper()}, follow=True)
    assert "9 recovery codes left" in answer.content.decode() and inside(client)
    other = Client()
    sign_in(other)
    assert other.post(CODE, {"code": codes[0]}).status_code == 200 and not inside(other)


def test_new_recovery_codes_replace_the_old_ones(client: Client, user: User) -> None:
    device = with_app(user)
    sign_in(client)
    client.post(CODE, {"code": token(device)})
    before = set(StaticToken.objects.values_list("token", flat=True))
    client.post(CODES, {"make": "1"})
    after = set(StaticToken.objects.values_list("token", flat=True))
    assert len(after) == 10 and not before & after


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_password_alone_does_not_replace_the_app(client: Client, user: User, method: str) -> None:
    device = with_app(user)
    sign_in(client)
    assert getattr(client, method)(SET_UP, {"code": "1"}).headers["Location"] == CODE
    assert list(TOTPDevice.objects.filter(user=user)) == [device]


def test_a_session_without_a_code_is_not_enough(client: Client, user: User, settings: Any) -> None:
    client.force_login(user)
    assert not inside(client)
    assert client.get("/staff/accounts/").status_code == 302
    assert client.get(LOGIN).headers["Location"] == SET_UP
    settings.TWO_FACTOR_REQUIRED = False
    assert inside(client)
    with_app(user)
    assert not inside(client), "who has an app always needs it"
    assert client.get(LOGIN).headers["Location"] == CODE


def test_where_it_is_optional_the_password_logs_in(client: Client, user: User, settings: Any) -> None:
    settings.TWO_FACTOR_REQUIRED = False
    assert sign_in(client).headers["Location"] == "/admin/directory/service/" and inside(client)
    assert "Set up a second factor" in client.get("/admin/").content.decode()
    client.get(SET_UP)
    device = TOTPDevice.objects.get(user=user)
    assert client.post(SET_UP, {"code": token(device)}).headers["Location"] == CODES and inside(client)


def test_another_phone_replaces_the_first(client: Client, user: User) -> None:
    device = with_app(user)
    sign_in(client)
    client.post(CODE, {"code": token(device)})
    client.get(SET_UP)
    other = TOTPDevice.objects.get(user=user, confirmed=False)
    client.post(SET_UP, {"code": token(other)})
    assert list(TOTPDevice.objects.filter(user=user)) == [other] and inside(client)


@pytest.mark.parametrize("change", ["late", "password", "inactive"])
def test_the_second_step_ends(client: Client, user: User, change: str) -> None:
    device = with_app(user)
    sign_in(client)
    if change == "password":
        user.set_password("another long pass phrase")
        user.save()
    if change == "inactive":
        User.objects.update(is_active=False)
    later = timedelta(seconds=second.WAIT_SECONDS + 1 if change == "late" else 0)
    with patch("directory.accounts.second.time.time", return_value=(timezone.now() + later).timestamp()):
        assert client.post(CODE, {"code": token(device)}).headers["Location"] == LOGIN
    assert not inside(client)


def test_the_way_onward_stays_on_this_site(client: Client, user: User) -> None:
    device = with_app(user)
    client.post(LOGIN, {"username": "reviewer", "password": PASSWORD, "next": "https://evil.example/"})
    assert client.post(CODE, {"code": token(device)}).headers["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("name", "target", "status"),
    [("administrator", "reviewer", 302), ("reviewer", "administrator", 403), ("administrator", "superuser", 403)],
)
def test_resetting_the_second_factor_of_a_colleague(
    client: Client, settings: Any, name: str, target: str, status: int
) -> None:
    settings.TWO_FACTOR_REQUIRED = False
    people = {who: person(who, is_superuser=who == "superuser") for who in {name, target}}
    colleague = Client()
    colleague.force_login(people[target])
    client.force_login(people[name])
    with_app(people[target])
    answer = client.post(reverse("accounts:reset_second_factor", args=[people[target].pk]))
    assert answer.status_code == status
    assert second.has_device(people[target]) is (status == 403)
    assert len(mail.outbox) == (status == 302)
    settings.TWO_FACTOR_REQUIRED = False
    if status == 302:
        assert "_auth_user_id" in colleague.session and not inside(colleague)


# Lockout.


def test_five_wrong_passwords_lock_for_a_while(client: Client, user: User, settings: Any) -> None:
    settings.TWO_FACTOR_REQUIRED = False
    answers = [sign_in(client, password="wrong").status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    page = sign_in(client)
    assert page.status_code == 429 and "15 minutes" in page.content.decode() and page.headers["Retry-After"] == "900"
    assert sign_in(client, name="REVIEWER").status_code == 429, "capitals give no further tries"
    assert sign_in(Client(REMOTE_ADDR="10.0.0.9")).status_code == 302, "others are not locked out by it"
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert sign_in(client).status_code == 302


def test_wrong_codes_count_as_wrong_passwords_do(client: Client, user: User) -> None:
    device = with_app(user)
    sign_in(client)
    answers = [client.post(CODE, {"code": f"00000{n}"}).status_code for n in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    assert client.post(CODE, {"code": token(device)}).status_code == 302 and not inside(client)
    assert sign_in(client).status_code == 429


def test_a_right_login_forgets_wrong_ones(client: Client, user: User, settings: Any) -> None:
    settings.TWO_FACTOR_REQUIRED = False
    for _ in range(2):
        for _wrong in range(3):
            sign_in(client, password="wrong")
        assert sign_in(client).status_code == 302


def test_no_password_and_no_code_is_logged(client: Client, user: User, caplog: pytest.LogCaptureFixture) -> None:
    with_app(user)
    with caplog.at_level(logging.DEBUG):
        for _ in range(4):
            sign_in(client, password="ZZSECRETPASSWORD")
        sign_in(client)
        client.post(CODE, {"code": "ZZSECRETCODE"})
    kept = "".join(str(row) for row in AccessAttempt.objects.values_list())
    assert kept
    for secret in ("ZZSECRETPASSWORD", "ZZSECRETCODE", PASSWORD):
        assert secret not in caplog.text and secret not in kept


@pytest.mark.parametrize(
    ("https", "forwarded", "expected"),
    [
        (False, "6.6.6.6", "127.0.0.1"),
        (True, "6.6.6.6, 5.5.5.5", "5.5.5.5"),
        (True, "5.5.5.5", "5.5.5.5"),
        (True, "", "127.0.0.1"),
    ],
)
def test_the_address_behind_a_proxy(settings: Any, https: bool, forwarded: str, expected: str) -> None:
    settings.HTTPS = https
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded} if forwarded else {})
    assert lockout.address(request) == expected


# Sessions.


def test_a_login_gives_the_session_a_new_key(client: Client, user: User) -> None:
    device = with_app(user)
    client.get(LOGIN)
    sign_in(client)
    between = client.session.session_key
    client.post(CODE, {"code": token(device)})
    assert client.session.session_key != between and not Session.objects.filter(session_key=between).exists()


@pytest.mark.parametrize(("data", "stays"), [({}, True), ({"here": "1"}, False)])
def test_logging_out_everywhere(client: Client, user: User, settings: Any, data: dict[str, str], stays: bool) -> None:
    settings.TWO_FACTOR_REQUIRED = False
    other = Client()
    for browser in (client, other):
        browser.force_login(user)
        assert inside(browser)
    client.post("/staff/accounts/log-out-everywhere/", data)
    assert inside(client) is stays and not inside(other)


def test_a_session_ends_after_eight_hours_without_a_request(client: Client, user: User, settings: Any) -> None:
    settings.TWO_FACTOR_REQUIRED = False
    client.force_login(user)
    assert inside(client)
    session = Session.objects.get(session_key=client.session.session_key)
    left = session.expire_date - timezone.now()
    assert timedelta(hours=7, minutes=59) < left <= timedelta(hours=8)
    session.expire_date -= timedelta(hours=4)
    session.save()
    with patch(
        "directory.accounts.middleware.time.time", return_value=(timezone.now() + timedelta(hours=1)).timestamp()
    ):
        assert inside(client)
    renewed = Session.objects.get(session_key=client.session.session_key)
    assert renewed.expire_date - timezone.now() > timedelta(hours=7)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not inside(client)
    assert "sessions" in (tidy() or "")


def test_an_account_that_is_put_out_of_use_is_out_at_once(client: Client, user: User, settings: Any) -> None:
    settings.TWO_FACTOR_REQUIRED = False
    client.force_login(user)
    User.objects.update(is_active=False)
    assert not inside(client)


# Passwords.


def test_a_forgotten_password(client: Client, user: User) -> None:
    with_app(user)
    assert reverse("admin_password_reset") in client.get(LOGIN).content.decode()
    client.post(reverse("admin_password_reset"), {"email": "REVIEWER@example.org"}, headers={"Host": "localhost"})
    letter = mail.outbox[0]
    link = re.search(r"http://127\.0\.0\.1:\d+(/staff/\S+)", str(letter.body))
    assert link and letter.to == ["reviewer@example.org"]
    page = client.get(link[1], follow=True)
    form = page.redirect_chain[-1][0]
    assert client.post(form, {"new_password1": "short", "new_password2": "short"}).status_code == 200
    new = {"new_password1": "quite another phrase", "new_password2": "quite another phrase"}
    assert client.post(form, new).status_code == 302
    assert not inside(client) and sign_in(client, password=new["new_password1"]).headers["Location"] == CODE
    used = Client().get(link[1], follow=True).content.decode()
    assert "new_password1" not in used


def test_asking_for_a_password_tells_nobody_who_has_an_account(client: Client, user: User) -> None:
    answers = [
        client.post(reverse("admin_password_reset"), {"email": address})
        for address in ("reviewer@example.org", "nobody@example.org")
    ]
    assert len({answer.headers["Location"] for answer in answers}) == 1 and len(mail.outbox) == 1


# Invitations.


@pytest.fixture
def organisation(db: None) -> Organisation:
    return Organisation.objects.create(name="World ours", kind="ngo")


def member(name: str, organisation: Organisation, role: str) -> User:
    user: User = person(name)
    Membership.objects.create(user=user, organisation=organisation, role=role)
    return user


def link_in(letter: Any) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+(/staff/accounts/invitation/\S+)", str(letter.body))
    assert found
    return found[1]


def invite(organisation: Organisation | None, **fields: Any) -> tuple[Invitation, str]:
    invitation = Invitation.objects.create(email="new@example.org", organisation=organisation, **fields)
    invitations.send(invitation)
    return invitation, link_in(mail.outbox[-1])


NEW = {
    "first_name": "Amal",
    "last_name": "",
    "password": "seven green boats at sea",
    "again": "seven green boats at sea",
}


def test_from_an_invitation_to_a_login_with_two_factors(
    client: Client, organisation: Organisation, settings: Any
) -> None:
    settings.TWO_FACTOR_REQUIRED = False
    client.force_login(person("administrator"))
    region = Region.objects.create(name="World", country="GR")
    data = {
        "email": "New@Example.org",
        "role": "coordinator",
        "membership": "editor",
        "languages": "en, ar",
        "regions": [region.pk],
    }
    answer = client.post(reverse("accounts:invitations"), data, follow=True)
    assert "was sent to new@example.org" in answer.content.decode()
    settings.TWO_FACTOR_REQUIRED = True
    newcomer = Client()
    link = link_in(mail.outbox[0])
    assert newcomer.get(link).status_code == 200
    assert newcomer.post(link, NEW).headers["Location"] == SET_UP and not inside(newcomer)
    user = User.objects.get(username="new@example.org")
    assert user.is_staff and not user.is_superuser and user.languages == ["en", "ar"]
    assert [group.name for group in user.groups.all()] == ["coordinator"] and list(user.regions.all()) == [region]
    newcomer.get(SET_UP)
    assert newcomer.post(SET_UP, {"code": token(TOTPDevice.objects.get(user=user))}).headers["Location"] == CODES
    assert inside(newcomer)
    assert Client().get(link).status_code == 410 and Client().post(link, NEW).status_code == 410


def test_a_partner_gets_their_organisation(client: Client, organisation: Organisation) -> None:
    _invitation, link = invite(organisation, membership="owner")
    client.post(link, NEW)
    made = Membership.objects.get(user__username="new@example.org")
    assert (made.organisation, made.role) == (organisation, "owner")


@pytest.mark.parametrize(
    "spoil", ["forged", "other_key", "expired", "withdrawn", "sent_again", "accepted", "address_taken_meanwhile"]
)
def test_links_that_do_not_work(client: Client, organisation: Organisation, spoil: str, settings: Any) -> None:
    invitation, link = invite(organisation)
    if spoil == "forged":
        link = link[:-3] + ("AAA/" if link[-4:] != "AAA/" else "BBB/")
    elif spoil == "other_key":
        link = reverse(
            "accounts:accept",
            args=[signing.dumps([invitation.pk, invitation.nonce.hex], key="x", salt=invitations.SALT)],
        )
    elif spoil == "expired":
        Invitation.objects.update(sent_at=timezone.now() - timedelta(days=7, seconds=1))
    elif spoil == "withdrawn":
        Invitation.objects.update(withdrawn_at=timezone.now())
    elif spoil == "sent_again":
        invitations.send(invitation)
    elif spoil == "accepted":
        Client().post(link, NEW)
    else:
        User.objects.create_user("NEW@example.org")
    before = User.objects.count()
    if spoil != "address_taken_meanwhile":
        assert client.get(link).status_code == 410
    assert client.post(link, NEW).status_code == 410
    assert User.objects.count() == before and "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"sent_at": timezone.now() - timedelta(days=8)},
        {"withdrawn_at": timezone.now()},
        {"accepted_at": timezone.now()},
        {"nonce": "00000000-0000-4000-8000-000000000000"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_an_invitation_that_ends_while_the_page_is_open(organisation: Organisation, meanwhile: dict[str, Any]) -> None:
    invitation, _link = invite(organisation)
    Invitation.objects.update(**meanwhile)
    with pytest.raises(invitations.NoLongerOpen):
        invitations.accept(invitation, first_name="Amal", last_name="", password="seven green boats at sea")
    assert not User.objects.filter(username="new@example.org").exists()


def test_a_link_works_until_the_last_second(client: Client, organisation: Organisation) -> None:
    _invitation, link = invite(organisation)
    Invitation.objects.update(sent_at=timezone.now() - timedelta(days=6, hours=23))
    assert client.get(link).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"password": "short", "again": "short"}, "too short"),
        ({"again": "another one"}, "not the same"),
        ({"password": "new@example.org", "again": "new@example.org"}, "too similar"),
        ({"first_name": ""}, "required"),
    ],
)
def test_mistakes_on_the_page_of_an_invitation(
    client: Client, organisation: Organisation, wrong: dict[str, str], message: str
) -> None:
    _invitation, link = invite(organisation)
    page = client.post(link, {**NEW, **wrong})
    assert page.status_code == 200 and message in page.content.decode()
    assert not User.objects.filter(username="new@example.org").exists()


INVITERS = [
    ("administrator", "", "reviewer", "", True),
    ("administrator", "", "protection", "", True),
    ("owner", "owner", "partner", "ours", True),
    ("owner", "owner", "partner", "theirs", False),
    ("owner", "owner", "reviewer", "", False),
    ("owner", "owner", "administrator", "ours", False),
    ("editor", "editor", "partner", "ours", None),
    ("viewer", "viewer", "partner", "ours", None),
    ("coordinator", "", "partner", "ours", True),
    ("coordinator", "", "partner", "theirs", False),
    ("coordinator", "", "coordinator", "", False),
    ("reviewer", "", "partner", "ours", None),
    ("translator", "", "translator", "", None),
    ("protection", "", "protection", "", None),
]


@pytest.mark.parametrize(("name", "membership", "role", "where", "works"), INVITERS)
def test_who_may_invite_whom(
    client: Client,
    organisation: Organisation,
    settings: Any,
    name: str,
    membership: str,
    role: str,
    where: str,
    works: bool | None,
) -> None:
    settings.TWO_FACTOR_REQUIRED = False
    theirs = Organisation.objects.create(name="World theirs", kind="ngo")
    athens, nairobi = (Region.objects.create(name="World", country=code) for code in ("GR", "KE"))
    for owner, region in ((organisation, athens), (theirs, nairobi)):
        owner.services.create(region=region, operator_type="ngo")
    group = name if Group.objects.filter(name=name).exists() else "partner"
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    if membership:
        Membership.objects.create(user=user, organisation=organisation, role=membership)
    if name == "coordinator":
        athens.validators.add(user)
    client.force_login(user)
    place = {"ours": organisation.pk, "theirs": theirs.pk, "": ""}[where]
    data = {"email": "new@example.org", "role": role, "organisation": place, "membership": "editor", "languages": "ar"}
    answer = client.post(reverse("accounts:invitations"), data)
    assert answer.status_code == {True: 302, False: 200, None: 403}[works]
    assert Invitation.objects.count() == len(mail.outbox) == (works is True)


@pytest.mark.parametrize(
    ("email", "message"),
    [
        ("Reviewer@example.org", "has an account already"),
        ("waiting@example.org", "invited already"),
        ("no address", "valid email"),
    ],
)
def test_addresses_that_cannot_be_invited(client: Client, user: User, settings: Any, email: str, message: str) -> None:
    settings.TWO_FACTOR_REQUIRED = False
    client.force_login(person("administrator"))
    Invitation.objects.create(email="waiting@example.org", role="reviewer")
    data = {"email": email, "role": "reviewer", "membership": "editor"}
    page = client.post(reverse("accounts:invitations"), data)
    assert page.status_code == 200 and message in page.content.decode() and not mail.outbox


def test_sending_again_and_withdrawing(client: Client, organisation: Organisation, settings: Any) -> None:
    settings.TWO_FACTOR_REQUIRED = False
    invitation, link = invite(organisation)
    client.force_login(member("partner", organisation, "owner"))
    assert "new@example.org" in client.get(reverse("accounts:invitations")).content.decode()
    client.post(reverse("accounts:resend", args=[invitation.pk]))
    again = link_in(mail.outbox[-1])
    assert Client().get(link).status_code == 410 and Client().get(again).status_code == 200
    client.post(reverse("accounts:withdraw", args=[invitation.pk]))
    assert Client().get(again).status_code == 410
    assert client.post(reverse("accounts:resend", args=[invitation.pk])).status_code == 404
    other, _link = invite(Organisation.objects.create(name="World theirs", kind="ngo"))
    assert client.post(reverse("accounts:withdraw", args=[other.pk])).status_code == 404


def test_a_mail_that_cannot_be_sent_loses_nothing(client: Client, organisation: Organisation, settings: Any) -> None:
    settings.TWO_FACTOR_REQUIRED = False
    client.force_login(person("administrator"))
    data = {"email": "new@example.org", "role": "partner", "organisation": organisation.pk, "membership": "editor"}
    with patch("directory.accounts.invitations.send_mail", side_effect=OSError("no server")):
        answer = client.post(reverse("accounts:invitations"), data, follow=True)
    assert "could not be sent" in answer.content.decode() and Invitation.objects.count() == 1


# The start page.


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("partner", {"Your organisation"}),
        ("reviewer", {"What needs work"}),
        ("translator", {"Your languages"}),
        ("protection", {"Protection"}),
        ("coordinator", {"Your region"}),
        ("administrator", {"People and publications"}),
    ],
)
def test_each_role_starts_with_its_own_work(client: Client, settings: Any, name: str, titles: set[str]) -> None:
    settings.TWO_FACTOR_REQUIRED = False
    user = person(name)
    user.languages = ["ar"]
    user.save()
    client.force_login(user)
    page = client.get("/admin/")
    assert {str(panel.title) for panel in page.context["panels"]} == titles
    assert all(
        row.url and client.get(row.url).status_code == 200 for panel in page.context["panels"] for row in panel.rows
    )
    assert all(client.get(link["url"]).status_code == 200 for link in page.context["links"])
