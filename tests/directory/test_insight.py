"""What people told and asked: counted once, never small enough to tell of one person, and settled by those who may."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from bot.identity import REPORT_HEADER, load_key, report_token
from directory import reports
from directory.insight import charts
from directory.insight.chores import forget_counts
from directory.insight.figures import FEW, Figure, Filters, demand, percentile
from directory.insight.flags import enough, settle
from directory.insight.suppression import hidden, small, view
from directory.insight.views import safe_cell
from directory.models import BotDelivery, Membership, Service, Tally, Task, UserReport

pytestmark = pytest.mark.django_db
DAY = "2026-11-24"
ROW = {
    "day": DAY,
    "event": "need",
    "value": "food",
    "country": "GR",
    "admin1": "ESYE31",
    "language": "ar",
    "channel": "sms",
    "count": 3,
}


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], Any]:
    """Posts as the bot does; the path below /api/ and the body."""
    key = tmp_path / "secret.key"

    class Here:
        def path(self, name: str) -> Path:
            return key

    monkeypatch.setattr(reports, "settings", Here)
    headers = {REPORT_HEADER: report_token(load_key(key))}

    def post(path: str, body: Any) -> Any:
        return Client().post(f"/api/{path}", json.dumps(body), "application/json", headers=headers)

    return post


# --- counts that come in ------------------------------------------------------------------------------------------------


def test_counts_add_up_and_a_batch_counts_once(bot: Any) -> None:
    first = {"batch": "a" * 32, "rows": [ROW, {**ROW, "channel": "web"}, ROW]}
    assert bot("counts", first).json() == {"stored": 2, "repeated": False}
    assert bot("counts", first).json() == {"stored": 0, "repeated": True}
    bot("counts", {"batch": "b" * 32, "rows": [ROW]})
    assert dict(Tally.objects.values_list("channel", "count")) == {"sms": 9, "web": 3}


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"batch": "a" * 32},
        {"batch": "short", "rows": []},
        {"batch": 5, "rows": []},
        {"batch": "a" * 32, "rows": [5]},
        *(
            {"batch": "a" * 32, "rows": [ROW, {**ROW, **wrong}]}
            for wrong in (
                {"event": "person_42"},
                {"day": "soon"},
                {"count": 0},
                {"count": -4},
                {"count": "3"},
                {"count": True},
                {"country": "Greece"},
                {"admin1": 31},
                {"value": "x" * 41},
            )
        ),
        {"batch": "a" * 32, "rows": [{name: value for name, value in ROW.items() if name != "language"}]},
    ],
    ids=lambda body: json.dumps(body)[-60:],
)
def test_other_bodies_are_refused_as_a_whole(bot: Any, body: Any) -> None:
    assert bot("counts", body).status_code == 400
    assert not Tally.objects.exists() and not BotDelivery.objects.exists(), (
        "a batch that was refused may come again, corrected"
    )


@pytest.mark.parametrize("path", ["counts", "reports"])
@pytest.mark.parametrize("token", ["", "guess", "é"])
def test_only_the_bot_may_deliver(bot: Any, path: str, token: str) -> None:
    response = Client().post(f"/api/{path}", "{}", "application/json", headers={REPORT_HEADER: token})
    assert response.status_code == 403


def test_counts_are_forgotten_after_400_days() -> None:
    today = timezone.now().date()
    for days in (399, 401):
        Tally.objects.create(day=today - timedelta(days=days), event="begun", count=1)
    BotDelivery.objects.create(ref="old", received_at=timezone.now() - timedelta(days=71))
    BotDelivery.objects.create(ref="new")
    assert forget_counts() == "1 counts, 1 references of deliveries" and forget_counts() is None
    assert Tally.objects.get().day == today - timedelta(days=399) and BotDelivery.objects.get().ref == "new"


# --- reports that come in -----------------------------------------------------------------------------------------------


def told(kind: str, ref: str = "", **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "service": "gr-athens-legal-1", "language": "ar", "day": DAY, "ref": ref or kind, **fields}


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        ([told("wrong")], ["other"]),
        ([told("closed")], ["closed"]),
        ([told("wrong"), told("wrong:closed")], ["closed"]),
        ([told("wrong", "1"), told("wrong", "2"), told("wrong:moved")], ["moved", "other"]),
        ([told("wrong:moved")], ["moved"]),  # staff have settled the first one meanwhile
        ([told("wrong", day="2026-11-23"), told("wrong:moved")], ["moved", "other"]),
        ([told("wrong"), told("wrong:moved", language="fr")], ["moved"]),
        ([told("wrong"), told("wrong")], ["other"]),  # the same delivery again
        ([told("wrong"), told("wrong:closed"), told("wrong"), told("wrong:closed")], ["closed"]),
        ([told("wrong", service="gone")], []),
        ([told("feedback")], ["feedback"]),
        *([[told(kind)], [kind]] for kind in ("wrong_number", "charged_money", "unsafe", "other")),
    ],
)
def test_a_report_is_kept_with_its_kind(bot: Any, rows: list[dict[str, Any]], kinds: list[str]) -> None:
    for row in rows:
        assert bot("reports", {"reports": [row]}).status_code == 200
    assert sorted(UserReport.objects.values_list("kind", flat=True)) == kinds
    assert not UserReport.objects.exclude(note="").exists(), "notes are of staff"


def test_what_became_of_each_report_is_told(bot: Any) -> None:
    rows = [told("closed"), told("closed"), told("moved", service="gone")]
    assert bot("reports", {"reports": rows}).json() == {"stored": 1, "unknown": 1, "repeated": 1}
    assert bot("reports", {"reports": rows}).json() == {"stored": 0, "unknown": 0, "repeated": 3}


@pytest.mark.parametrize("kind", ["wrong:", "wrong:wrong", "wrong:feedback", "the words of a person", 5, None])
def test_other_kinds_are_refused(bot: Any, kind: Any) -> None:
    assert bot("reports", {"reports": [told("closed"), {**told("closed"), "kind": kind}]}).status_code == 400
    assert not UserReport.objects.exists()


@pytest.mark.parametrize(
    ("reported", "flagged"),
    [
        ([("closed", 0)], False),
        ([("closed", 0), ("closed", 200)], True),  # two that agree
        ([("closed", 0), ("moved", 30)], True),
        ([("closed", 0), ("moved", 31)], False),
        ([("closed", 0), ("moved", 40), ("other", 60)], True),
        ([], False),
    ],
)
def test_two_that_agree_or_any_two_within_a_month(reported: list[tuple[str, int]], flagged: bool) -> None:
    rows = [UserReport(kind=kind, reported_on=date(2026, 1, 1) + timedelta(days=days)) for kind, days in reported]
    assert enough(rows) is flagged


def test_two_reports_flag_the_entry_until_they_are_settled(bot: Any, service: Service, published: Any) -> None:
    def flags() -> tuple[int, str]:
        row = published().execute("SELECT reported FROM service WHERE id = ?", [service.public_id]).fetchone()
        return row[0], ", ".join(Task.objects.filter(service=service, state="open").values_list("details", flat=True))

    bot("reports", {"reports": [told("closed")]})
    assert flags() == (0, "")
    bot("reports", {"reports": [told("moved"), told("moved", "again")]})
    assert flags() == (1, "closed × 1, moved × 2")
    settle(UserReport.objects.filter(kind="moved"), None, "done", "called them")
    assert flags() == (0, "")
    report = UserReport.objects.filter(kind="moved").first()
    assert report is not None and (report.state, report.note) == ("done", "called them") and report.handled_at


def test_complaints_and_praise_do_not_send_people_there_to_call_first(
    bot: Any, service: Service, published: Any
) -> None:
    bot(
        "reports",
        {"reports": [told("unsafe", str(n)) for n in range(3)] + [told("feedback", "f1"), told("feedback", "f2")]},
    )
    assert published().execute("SELECT count(*) FROM service WHERE reported").fetchone()[0] == 0
    (task,) = Task.objects.filter(service=service, kind="reported")
    assert task.key.startswith("complaint:") and task.details == "not safe × 3"


def test_a_task_that_is_closed_elsewhere_closes_its_reports(bot: Any, service: Service) -> None:
    bot("reports", {"reports": [told("closed", "1"), told("closed", "2"), told("unsafe")]})
    task = Task.objects.get(key=f"changed:{service.pk}")
    task.state = Task.State.DISMISSED
    task.save()
    assert dict(UserReport.objects.values_list("kind", "state")) == {"closed": "dismissed", "unsafe": "open"}
    bot("reports", {"reports": [told("closed", "3")]})
    assert not Task.reported("changed").exists(), "one report after that is one report"


# --- pages of reports ------------------------------------------------------------------------------------------------------


def report(service: Service, kind: str = "closed", **fields: Any) -> UserReport:
    return UserReport.objects.create(service=service, kind=kind, lang="ti", **fields)


def test_the_panel_lies_beside_the_entry(staff: Client, service: Service) -> None:
    page = reverse("admin:directory_service_change", args=[service.pk])
    assert "told-panel" not in staff.get(page).content.decode()
    mine = report(service)
    report(service, "moved", state="done")
    html = staff.get(page).content.decode()
    panel = html[html.index("told-panel") : html.index("</section>", html.index("told-panel"))]
    assert "closed" in panel and "Tigrinya" in panel and "moved" not in panel
    assert html.index("</section>", html.index("told-panel")) < html.index('id="service_form"'), "no form inside a form"
    back = staff.post(
        reverse("insight:settle"), {"report": [mine.pk], "state": "done", "note": "rang", "next": page}, follow=True
    )
    assert back.redirect_chain == [(page, 302)] and "1 report is settled." in back.content.decode()
    mine.refresh_from_db()
    assert (mine.state, mine.note, mine.handled_by.username) == ("done", "rang", "administrator")  # type: ignore[union-attr]


def test_the_list_is_marked_and_filtered(staff: Client, service: Service) -> None:
    report(service)
    url = reverse("admin:directory_service_changelist")
    assert "reported as changed</span>" not in staff.get(url).content.decode()
    Task.found(Task.Kind.REPORTED, f"changed:{service.pk}", service=service)
    html = staff.get(url, {"reported": "yes"}).content.decode()
    assert html.count("reported as changed</span>") == 1 and "1 service" in html


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({}, {"closed", "unsafe"}),
        ({"state": "done"}, {"moved"}),
        ({"state": ""}, {"closed", "unsafe", "moved"}),
        ({"kind": "closed"}, {"closed"}),
        ({"service": "999999999999999999999"}, set()),
        ({"state": "x", "kind": "x", "service": "x", "page": "x"}, {"closed", "unsafe", "moved"}),
    ],
)
def test_the_list_of_reports(staff: Client, service: Service, query: dict[str, str], shown: set[str]) -> None:
    keys = {r.pk: r.kind for r in (report(service), report(service, "unsafe"), report(service, "moved", state="done"))}
    html = staff.get(reverse("insight:reports"), query).content.decode()
    items = re.findall(r"<li>(.*?)</li>", html[html.index('class="insight"') :], re.S)
    labels = {"closed": "closed", "unsafe": "not safe", "moved": "moved"}
    assert {kind for kind in keys.values() if any(labels[kind] in item for item in items)} == shown


@pytest.fixture
def member(db: None, service: Service) -> Callable[[str], Client]:
    """Logs in somebody with one of the roles; a partner belongs to the organisation of `service`."""

    def log_in(role: str) -> Client:
        user = get_user_model().objects.create_user(role, password="a long pass phrase", is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        if role == "partner":
            Membership.objects.create(user=user, organisation=service.organisation, role="owner")
        client = Client()
        client.force_login(user)
        return client

    return log_in


@pytest.mark.parametrize(
    ("role", "listed", "may_settle"),
    [
        ("partner", {"closed"}, set()),
        ("reviewer", {"closed"}, {"closed"}),
        ("protection", {"closed", "unsafe"}, {"unsafe"}),
        ("administrator", {"closed", "unsafe"}, {"closed", "unsafe"}),
        ("translator", None, set()),
    ],
)
def test_who_sees_and_settles(
    member: Any, service: Service, role: str, listed: set[str] | None, may_settle: set[str]
) -> None:
    """A complaint is for protection officers and administrators: not for the organisation, nor for whoever reads the rest."""
    client, keys = member(role), {kind: report(service, kind).pk for kind in ("closed", "unsafe")}
    response = client.get(reverse("insight:reports"))
    assert response.status_code == (403 if listed is None else 200)
    if listed is not None:
        html = response.content.decode()
        items = " ".join(re.findall(r"<li>(.*?)</li>", html[html.index('class="insight"') :], re.S))
        assert {kind for kind, word in (("closed", "closed"), ("unsafe", "not safe")) if word in items} == listed
        entry = client.get(reverse("admin:directory_service_change", args=[service.pk])).content.decode()
        panel = entry[entry.index("told-panel") :].partition("</section>")[0]
        assert {kind for kind, word in (("closed", "closed"), ("unsafe", "not safe")) if word in panel} == listed
    for kind, key in keys.items():
        client.post(reverse("insight:settle"), {"report": [key], "state": "done"})
        assert (UserReport.objects.get(pk=key).state == "done") is (kind in may_settle)


@pytest.mark.parametrize(
    "body",
    [{"state": "open"}, {"state": "done", "report": ["x", "1' OR 1=1", "99999999999999999999"]}, {}],
    ids=str,
)
def test_nothing_else_is_settled(staff: Client, service: Service, body: Any) -> None:
    mine = report(service)
    assert staff.post(reverse("insight:settle"), {"next": "https://evil.example/", **body}).status_code in (302, 403)
    mine.refresh_from_db()
    assert mine.state == "open"


def test_settling_goes_back_to_our_own_pages_only(staff: Client, service: Service) -> None:
    body = {"report": [report(service).pk], "state": "done", "next": "https://evil.example/"}
    assert staff.post(reverse("insight:settle"), body)["Location"] == reverse("insight:reports")
    assert staff.get(reverse("insight:settle")).status_code == 405


# --- small counts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "gone"),
    [
        ({"a": 10, "b": 20}, ""),
        ({"a": 0, "b": 20}, ""),
        ({"a": 9, "b": 20, "c": 30}, "ab"),  # else the sum would tell it
        ({"a": 9, "b": 0, "c": 30}, "ac"),
        ({"a": 5, "b": 6, "c": 30}, "ab"),
        ({"a": 1, "b": 1, "c": 30, "d": 40}, "abc"),  # two would be known to be one each
        ({"a": 9}, "a"),
        ({}, ""),
    ],
)
def test_which_counts_are_hidden(cells: dict[str, int], gone: str) -> None:
    assert hidden(cells) == set(gone)
    rest = sum(count for cell, count in cells.items() if cell in gone)
    assert not small(rest) or small(sum(cells.values()))


@pytest.mark.parametrize(
    ("by_channel", "filters", "shown"),
    [
        ({"sms": 30, "web": 12}, {}, {"food": 42}),
        ({"sms": 30, "web": 12}, {0: "sms"}, {"food": 30}),
        ({"sms": 30, "web": 4}, {}, {"food": 34}),
        ({"sms": 30, "web": 4}, {0: "web"}, {}),
        ({"sms": 30, "web": 4}, {0: "sms"}, {}),  # 34 - 30 would tell the 4
        ({"sms": 30, "web": 4, "telegram": 50}, {0: "telegram"}, {"food": 50}),
        ({"sms": 30, "web": 4, "telegram": 50}, {0: "sms"}, {}),
    ],
)
def test_a_filter_does_not_tell_what_another_hides(
    by_channel: dict[str, int], filters: Any, shown: dict[str, int]
) -> None:
    cells, told_by_filter = view([("food", (channel, "GR"), count) for channel, count in by_channel.items()], filters)
    gone = hidden(cells, told_by_filter)
    assert {key: count for key, count in cells.items() if key not in gone} == shown


def tally(event: str, count: int, value: str = "", day: int = 1, **fields: Any) -> None:
    at = timezone.now().date() - timedelta(days=day)
    Tally.objects.create(day=at, event=event, value=value, count=count, **fields)


ATHENS = {"country": "GR", "admin1": "ESYE31"}


def figure(slug: str, **fields: Any) -> Figure:
    filters = Filters(fields.pop("period", "30"), timezone.now().date() - timedelta(days=1), **fields)
    return next(found for found in demand(filters, danger=True) if found.slug == slug)


def test_unmet_needs_of_ten_and_more() -> None:
    tally("nothing", 10, "food", **ATHENS, language="ar", channel="sms")
    tally("nothing", 8, "food", **ATHENS, language="fr", channel="sms")
    tally("nothing", 1, "food", **ATHENS, language="fr", channel="web")
    tally("nothing", 30, "work", country="RS", admin1="SE", language="ar", channel="sms")
    tally("nothing", 12, "safe_space", country="TN")
    rows = figure("unmet").rows
    assert [[row[0], row[2], row[3]] for row in rows] == [
        ["Work and training", "Arabic (العربية)", 30],
        ["Safe place for women and others", "not counted", 12],
        ["Food", "Arabic (العربية)", 10],
    ]
    assert rows[1][1] == "Tunisia" and rows[2][1].startswith("Greece: ")


def test_what_was_found_is_no_small_difference() -> None:
    for value, asked, none in (("food", 40, 20), ("work", 40, 35), ("shelter", 40, 5), ("education", 40, 0)):
        tally("need", asked, value, **ATHENS, language="ar", channel="sms")
        if none:
            tally("nothing", none, value, **ATHENS, language="ar", channel="sms")
    assert {row[0]: row[1:] for row in figure("needs").rows} == {
        "Food": [40, 20],
        "Work and training": [40, FEW],  # 5 were found
        "A place to sleep": [40, FEW],
        "School and courses": [40, 0],
    }


def test_the_sum_of_needs_without_an_answer_tells_no_rest() -> None:
    tally("nothing", 22, "food", **ATHENS, language="ar", channel="sms")
    tally("nothing", 3, "food", **ATHENS, language="ti", channel="sms")
    tally("need", 80, "food", **ATHENS, language="ar", channel="sms")
    tally("not_understood", 40, language="ar", channel="sms")
    tally("person", 50, language="ar", channel="sms")
    assert [row[3] for row in figure("unmet").rows] == [22]
    assert figure("needs").rows == [["Food", 80, FEW]], "25 would tell the 3 of Tigrinya"
    said = {row[0]: row[1] for row in figure("unanswered").rows}
    assert (said["no place found"], said["not understood"], said["wanted a person"]) == (FEW, FEW, 50)


def test_conversations_by_day_week_and_month() -> None:
    for back in (1, 2, 40):
        tally("begun", 20, day=back, language="ar", channel="sms")
        tally("answered", 30, day=back, language="ar", channel="sms", **ATHENS)
    tally("begun", 50, day=0, language="ar", channel="sms")  # today is not over
    for period, steps in (("30", 30), ("90", 13), ("365", 12)):
        rows = figure("conversations", period=period).rows
        assert steps <= len(rows) - 1 <= steps + 2 and rows[-1][0] == "together"
        assert rows[-1][1:] == ([40, 60] if period == "30" else [60, 90])
        assert sum(row[1] for row in rows[:-1]) == rows[-1][1]
    assert figure("conversations", country="GR").rows[-1][1:] == ["–", 60]
    assert figure("conversations", country="GR", admin1="ESYE12").rows[-1][1:] == ["–", 0]


def test_answer_times() -> None:
    for limit, count in (("0.2", 90), ("1", 8), ("inf", 2)):
        tally("seconds", count, limit, channel="sms")
    tally("seconds", 9, "0.1", channel="web", day=2)
    rows = {row[0]: row[1:] for row in figure("times").rows}
    today = timezone.now().date()
    assert rows[(today - timedelta(days=1)).isoformat()] == ["≤ 0.2", "≤ 1"]
    assert rows[(today - timedelta(days=2)).isoformat()] == ["–", "–"], "nine answers are too few"


@pytest.mark.parametrize(
    ("buckets", "half", "most"),
    [
        ({"0.1": 10}, 0.1, 0.1),
        ({"0.1": 5, "1": 5}, 0.1, 1),
        ({"0.1": 94, "30": 6}, 0.1, 30),
        ({"10": 50, "2": 50}, 2, 10),
        ({"1": 1, "inf": 10}, float("inf"), float("inf")),
        ({"1": 9}, None, None),
        ({}, None, None),
    ],
)
def test_percentiles(buckets: dict[str, int], half: float | None, most: float | None) -> None:
    assert (percentile(buckets, 0.5), percentile(buckets, 0.95)) == (half, most)


# --- the page ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def counted(db: None) -> None:
    for channel, count in (("sms", 40), ("web", 4)):
        tally("begun", count, language="ar", channel=channel)
        tally("answered", count, language="ar", channel=channel, **ATHENS)
        tally("need", count, "food", language="ar", channel=channel, **ATHENS)
        tally("nothing", count, "food", language="ar", channel=channel, **ATHENS)
        tally("seconds", count, "0.2", channel=channel)
    tally("crisis", 3, "gbv", country="GR")


SLUGS = ["conversations", "languages", "needs", "unanswered", "times", "unmet", "danger", "coverage", "reports"]


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(
    "query", [{}, {"period": "90"}, {"period": "365", "area": "GR/ESYE31"}, {"channel": "web"}, {"area": "GR"}]
)
def test_each_picture_has_a_title_and_a_table(
    staff: Client, counted: None, language: str, query: dict[str, str]
) -> None:
    staff.cookies["waypost_directory_language"] = language
    html = staff.get(reverse("insight:dashboard"), query).content.decode()
    assert re.findall(r'<section class="insight-card".*? id="(\w+)"', html) == SLUGS
    cards = html.split('<section class="insight-card"')[1:]
    for card in cards:
        assert ("<svg" in card) == ("<table" in card)
        assert "<svg" not in card or re.search(r'role="img".*?<title>.+?</title><desc>.+?</desc>', card, re.S)
    assert "<script" not in "".join(cards)
    assert any("<svg" in card for card in cards)


@pytest.mark.parametrize("query", [{"channel": "web"}, {"channel": "sms"}, {"area": "GR", "channel": "sms"}])
def test_no_view_tells_of_the_four_on_the_web(staff: Client, counted: None, query: dict[str, str]) -> None:
    for slug in ("conversations", "languages", "needs", "unmet"):
        text = staff.get(reverse("insight:csv", args=[slug]), query).content.decode("utf-8-sig")
        cells = {cell for row in list(csv.reader(text.splitlines()))[1:] for cell in row}
        assert not cells & {"4", "40"}, slug


def test_csv_holds_what_the_page_shows(staff: Client, counted: None) -> None:
    response = staff.get(reverse("insight:csv", args=["danger"]))
    assert response["Content-Type"] == "text/csv; charset=utf-8" and ".csv" in response["Content-Disposition"]
    rows = list(csv.reader(response.content.decode("utf-8-sig").splitlines()))
    assert rows[0] == ["kind of danger", "messages"] and ["gender-based violence", FEW] in rows
    assert staff.get(reverse("insight:csv", args=["nothing"])).status_code == 404


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"), ("+44", "'+44"), ("-2", "'-2"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"), ("\r=1", "'\r=1"),
        (" =1", "' =1"), ("<10", "<10"), ("–", "–"), (12, 12), (-3, -3), ("", ""), ("Food", "Food"),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(value: Any, written: Any) -> None:
    assert safe_cell(value) == written


@pytest.mark.parametrize(
    "query",
    [
        {"area": "GR/ZZ"},
        {"area": "XX"},
        {"area": "GR/ESYE31/9"},
        {"channel": "x"},
        {"period": "1"},
        {"period": "x", "area": "/"},
    ],
    ids=str,
)
def test_what_is_not_offered_counts_as_not_chosen(staff: Client, counted: None, query: dict[str, str]) -> None:
    plain = staff.get(reverse("insight:csv", args=["languages"])).content
    assert staff.get(reverse("insight:csv", args=["languages"]), query).content == plain


def test_an_area_of_few_messages_is_not_offered(staff: Client, counted: None) -> None:
    tally("answered", 9, country="RS", admin1="SE", language="ar", channel="sms")
    tally("answered", 100, country="TN", admin1="36", language="ar", channel="sms")
    html = staff.get(reverse("insight:dashboard")).content.decode()
    assert 'value="TN/36"' in html and 'value="RS"' not in html and 'value="RS/SE"' not in html


@pytest.mark.parametrize(
    ("role", "missing"), [("partner", {"danger"}), ("translator", {"danger", "reports"}), ("reviewer", set())]
)
def test_what_each_role_sees(member: Any, counted: None, role: str, missing: set[str]) -> None:
    html = member(role)
    page = html.get(reverse("insight:dashboard")).content.decode()
    assert set(re.findall(r'<section class="insight-card".*? id="(\w+)"', page)) == set(SLUGS) - missing
    for slug in missing:
        assert html.get(reverse("insight:csv", args=[slug])).status_code == 404


def test_coverage_counts_by_region(staff: Client, service: Service, today: date) -> None:
    assert service.region is not None
    before = {
        row[0]: row
        for row in csv.reader(
            staff.get(reverse("insight:csv", args=["coverage"])).content.decode("utf-8-sig").splitlines()
        )
    }
    name = next(name for name in before if name.startswith(f"{service.region.name} "))
    Service.objects.filter(pk=service.pk).update(
        hidden_after=today - timedelta(days=1), review_due=today - timedelta(days=60)
    )
    Task.found(Task.Kind.REPORTED, f"changed:{service.pk}", service=service)
    after = {
        row[0]: row
        for row in csv.reader(
            staff.get(reverse("insight:csv", args=["coverage"])).content.decode("utf-8-sig").splitlines()
        )
    }
    assert int(after[name][1]) == int(before[name][1])
    assert int(after[name][4]) == int(before[name][4]) + 1 and int(after[name][6]) == int(before[name][6]) + 1
    for row in (before[name], after[name]):
        assert int(row[1]) == int(row[2]) + int(row[3]) + int(row[4])


# --- pictures ----------------------------------------------------------------------------------------------------------------


def test_words_in_a_picture_are_escaped_and_the_hidden_has_no_length() -> None:
    rows = [charts.Bar("<b>&", None, FEW), charts.Bar("all", (5, 15), "20")]
    for drawn in (
        charts.bars(rows, "<t>", "<d>"),
        charts.bars(rows, "<t>", "<d>", wide=True),
        charts.columns(rows, "<t>", "<d>"),
    ):
        assert "<b>" not in drawn and "&lt;b&gt;&amp;" in drawn and "<title>&lt;t&gt;</title>" in drawn
        assert len(re.findall('class="hatched"', drawn)) == 1
    assert charts.bars([], "t", "d").startswith("<svg") and charts.columns([], "t", "d").startswith("<svg")


def test_a_picture_is_mirrored_in_arabic() -> None:
    rows = [charts.Bar("a", (10,), "10")]
    at = {}
    for language in ("en", "ar"):
        with translation.override(language):
            at[language] = float(re.findall(r'class="s0" x="([\d.]+)"', charts.bars(rows, "t", "d"))[0])
    width = charts.WIDTH - charts.LABEL - 64
    assert at["en"] == charts.LABEL and at["ar"] == charts.WIDTH - charts.LABEL - width


def test_a_line_is_broken_where_a_figure_is_missing() -> None:
    drawn = charts.lines(["a", "b", "c", "d"], [[1, None, 2, 3]], "t", "d")
    assert len(re.findall('class="l0"', drawn)) == 1 and len(re.findall("<circle", drawn)) == 3


def test_the_snapshot_has_nothing_of_reports_but_the_flag(
    bot: Any, published: Callable[..., sqlite3.Connection]
) -> None:
    bot("reports", {"reports": [told("unsafe"), told("closed", "1"), told("closed", "2")]})
    dump = "\n".join(published().iterdump())
    assert "wrong_number" not in dump and "unsafe" not in dump and "closed ×" not in dump


def test_a_region_of_staff_gives_its_area_a_name(staff: Client, counted: None, service: Service) -> None:
    assert service.region is not None
    service.region.admin_codes = ["GR-ESYE31"]
    service.region.save()
    assert f"Greece: {service.region.name}</option>" in staff.get(reverse("insight:dashboard")).content.decode()


@pytest.mark.parametrize("areas", [1, 12])
def test_more_areas_need_no_more_queries(staff: Client, django_assert_max_num_queries: Any, areas: int) -> None:
    for number in range(areas):
        for event in ("answered", "need", "nothing"):
            tally(event, 50, "food", country="GR", admin1=f"A{number}", language="ar", channel="sms")
    staff.get(reverse("insight:dashboard"))
    with django_assert_max_num_queries(40):
        staff.get(reverse("insight:dashboard"))


def test_what_is_counted_today_is_not_shown_yet(staff: Client) -> None:
    tally("begun", 70, day=0, language="ar", channel="sms")
    tally("begun", 30, day=1, language="ar", channel="sms")
    text = staff.get(reverse("insight:csv", args=["conversations"])).content.decode("utf-8-sig")
    assert list(csv.reader(text.splitlines()))[-1][1] == "30"
