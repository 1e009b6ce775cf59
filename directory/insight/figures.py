"""The figures of the dashboard: what the bot counted, grouped and with small counts taken out. Tables first; pictures follow them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, Sum
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from directory.codes import language_name
from directory.insight import charts
from directory.insight.areas import area_names
from directory.insight.suppression import LIMIT, hidden, small, view
from directory.models import Category, Tally

__all__ = ["FEW", "PERIODS", "Figure", "Filters", "demand", "percentile"]

Event = Tally.Event
PERIODS = {"30": gettext_lazy("30 days"), "90": gettext_lazy("90 days"), "365": gettext_lazy("12 months")}
FEW = f"<{LIMIT}"
AREA = (Event.ANSWERED, Event.NEED, Event.NOTHING)
"""Events that are counted with the area; the others are left out where an area is chosen."""
MOST_BARS = 15


@dataclass(frozen=True)
class Filters:
    """What the page is about. `until` is the last whole day, so that looking twice on one day shows nobody's last message."""

    period: str
    until: date
    country: str = ""
    admin1: str = ""
    channel: str = ""

    @property
    def since(self) -> date:
        return self.until - timedelta(days=int(self.period) - 1)

    @property
    def area(self) -> str:
        """The value of the page's filter: "GR" or "GR/ESYE31"."""
        return f"{self.country}/{self.admin1}" if self.admin1 else self.country

    def step(self, day: date) -> date:
        """The first day of the step of time to which a day belongs: itself, its week, its month."""
        if self.period == "30":
            return day
        return day - timedelta(days=day.weekday()) if self.period == "90" else day.replace(day=1)

    def steps(self) -> list[date]:
        """All steps of the period."""
        days = (self.since + timedelta(days=number) for number in range(int(self.period)))
        return sorted({self.step(day) for day in days})

    def label(self, step: date) -> str:
        return f"{step:%Y-%m}" if self.period == "365" else step.isoformat()


@dataclass
class Figure:
    """One table and its picture."""

    slug: str
    title: str
    columns: list[str]
    rows: list[list[Any]]
    """Words, numbers, and `FEW` for a count that is not shown."""
    chart: SafeString | None = None
    note: str = ""
    legend: list[str] = field(default_factory=list)


def _tallies(filters: Filters, *events: str) -> Any:
    return Tally.objects.filter(event__in=events, day__gte=filters.since, day__lte=filters.until)


def _cells(
    filters: Filters, events: Sequence[str], key: Callable[[Any], Any], *names: str, area: bool = True
) -> tuple[dict[Any, int], set[Any]]:
    """Counts by key (of a row of the fields `names`) under the filters of the page, and the keys that these filters betray."""
    fields = tuple(dict.fromkeys((*names, "channel", "country", "admin1")))
    rows = _tallies(filters, *events).values(*fields).annotate(n=Sum("count")).order_by()
    if area and filters.admin1:
        rows = rows.filter(country=filters.country)  # compared with the other areas of the country
    chosen = {0: filters.channel} if filters.channel else {}
    chosen |= {1: filters.area} if filters.country and area else {}

    def place(row: Any) -> str:
        return f"{row['country']}/{row['admin1']}" if filters.admin1 else row["country"]

    return view(((key(row), (row["channel"], place(row)), row["n"]) for row in rows), chosen)


def _view(
    filters: Filters, events: Sequence[str], key: Callable[[Any], Any], *names: str, area: bool = True
) -> tuple[dict[Any, int], set[Any]]:
    """As `_cells`, and the keys that are not shown where the sum of all may be known."""
    cells, told = _cells(filters, events, key, *names, area=area)
    return cells, hidden(cells, told)


def _together(filters: Filters, event: str, *, area: bool = True) -> str | int:
    """The sum of an event, which is a count like others: not shown where it is small, or tells of another choice of a filter."""
    cells, few = _view(filters, [event], lambda row: "", area=area)
    return _said(cells.get("", 0), bool(few))


def _said(count: int, secret: bool) -> str | int:
    return FEW if secret else count


def _bar(label: str, count: int, secret: bool, parts: Sequence[float] | None = None) -> charts.Bar:
    return charts.Bar(label, None if secret else parts or (count,), str(_said(count, secret)))


def demand(filters: Filters, *, danger: bool) -> list[Figure]:
    """All figures from the bot's counts; `danger`: also those of crises, for those who act on them."""
    found = [_conversations(filters), _languages(filters), _needs(filters), _unanswered(filters), _times(filters)]
    return [*found, unmet(filters), *([_danger(filters)] if danger else [])]


def _description(filters: Filters) -> str:
    return _("From %(since)s to %(until)s. The figures stand in the table below.") % {
        "since": filters.since, "until": filters.until
    }  # fmt: skip


def _conversations(filters: Filters) -> Figure:
    def by_step(row: Any) -> date:
        return filters.step(row["day"])

    begun, few_begun = _view(filters, [Event.BEGUN], by_step, "day", area=False)
    answered, few = _view(filters, [Event.ANSWERED], by_step, "day")
    title, with_area = _("Conversations and messages"), bool(filters.country)
    shown = (answered, few) if with_area else (begun, few_begun)
    rows: list[list[Any]] = []
    bars = []
    for step in filters.steps():
        label = filters.label(step)
        conversations = "–" if with_area else _said(begun.get(step, 0), step in few_begun)
        rows.append([label, conversations, _said(answered.get(step, 0), step in few)])
        bars.append(_bar(label, shown[0].get(step, 0), step in shown[1]))
    note = _("A conversation begins with a first message, or after a day of silence.")
    if with_area:
        note = _("When a conversation begins, its place is not known: the picture shows messages.")
    together = "–" if with_area else _together(filters, Event.BEGUN, area=False)
    rows.append([_("together"), together, _together(filters, Event.ANSWERED)])
    columns = [_("day") if filters.period == "30" else _("from"), _("conversations"), _("messages answered")]
    return Figure("conversations", title, columns, rows, charts.columns(bars, title, _description(filters)), note)


def _languages(filters: Filters) -> Figure:
    cells, few = _view(filters, [Event.ANSWERED], lambda row: row["language"], "language")
    order = sorted(cells, key=lambda code: (code in few, 0 if code in few else -cells[code], code))
    names = {code: language_name(code) if code else _("not known") for code in cells}
    rows = [[names[code], _said(cells[code], code in few)] for code in order]
    bars = [_bar(names[code], cells[code], code in few) for code in order]
    title = _("Languages")
    return Figure(
        "languages",
        title,
        [_("language"), _("messages answered")],
        rows,
        charts.bars(bars, title, _description(filters)),
    )


def _labels() -> dict[str, str]:
    return dict(Category.objects.values_list("code", "label"))


def _needs(filters: Filters) -> Figure:
    asked, few = _view(filters, [Event.NEED], lambda row: row["value"], "value")
    nothing, told = _cells(filters, [Event.NOTHING], lambda row: row["value"], "value")
    rest, labels = _rest(filters), _labels()
    # What was found is the difference of two numbers, and the page lists needs without an answer by area: nothing small may be
    # left over in either.
    for code, none in nothing.items():
        if code in few or small(asked.get(code, 0) - none) or small(rest.get(code, 0)):
            told.add(code)
    few_nothing = hidden(nothing, told)
    rows, bars = [], []
    for code in sorted(asked, key=lambda code: (code in few, 0 if code in few else -asked[code], code)):
        none = nothing.get(code, 0)
        secret = code in few or code in few_nothing
        label = labels.get(code, code)
        rows.append([label, _said(asked[code], code in few), FEW if secret else none])
        parts = (0, 0, asked[code]) if secret else (asked[code] - none, none)
        bars.append(_bar(label, asked[code], code in few, parts))
    title = _("What people asked for")
    note = _("Needs of women who flee and of children are counted by country only, without channel and language.")
    columns = [_("kind of help"), _("asked"), _("no place found")]
    picture = charts.bars(bars, title, _description(filters))
    return Figure(
        "needs",
        title,
        columns,
        rows,
        picture,
        note,
        [_("place found"), _("no place found"), _("too few to tell apart")],
    )


def _unanswered(filters: Filters) -> Figure:
    events = [Event.NOTHING, Event.NO_ARTICLE, Event.NOT_UNDERSTOOD, Event.ASKED_BACK, Event.PERSON, Event.FAILED]
    counted = [event for event in events if not filters.country or event in AREA]
    cells, told = _cells(filters, counted, lambda row: row["event"], "event")
    betrayed: set[Any] = {Event.NOTHING.value} if small(sum(_rest(filters).values())) else set()
    few = hidden(cells, told | betrayed)
    rows = [[str(Event(event).label), _said(cells.get(event, 0), event in few)] for event in counted]
    bars = [_bar(str(Event(event).label), cells.get(event, 0), event in few) for event in counted]
    title = _("Not answered, or not at once")
    note = _("Only what is counted with the place is shown for an area.") if filters.country else ""
    columns = [_("what happened"), _("times")]
    return Figure("unanswered", title, columns, rows, charts.bars(bars, title, _description(filters)), note)


def percentile(buckets: dict[str, int], share: float) -> float | None:
    """The upper limit, in seconds, of the bucket in which that share of answers is reached; None for fewer than `LIMIT` answers.

    Answers beyond the last limit count as infinitely long (`inf`).
    """
    total = sum(buckets.values())
    if total < LIMIT:
        return None
    reached = 0
    for limit in sorted(buckets, key=float):
        reached += buckets[limit]
        if reached >= share * total:
            return float(limit)
    return None


def _times(filters: Filters) -> Figure:
    """p50 and p95 by step of time; a percentile of ten answers or more tells nothing about one of them."""
    counted: dict[date, dict[str, int]] = {}
    stored = _tallies(filters, Event.SECONDS).filter(Q(channel=filters.channel) if filters.channel else Q())
    for row in stored.values("day", "value").annotate(n=Sum("count")).order_by():
        buckets = counted.setdefault(filters.step(row["day"]), {})
        buckets[row["value"]] = buckets.get(row["value"], 0) + row["n"]
    steps = filters.steps()
    series = [[percentile(counted.get(step, {}), share) for step in steps] for share in (0.5, 0.95)]
    labels = [filters.label(step) for step in steps]
    rows = [
        [label, *("–" if value is None else _seconds(value) for value in pair)] for label, *pair in zip(labels, *series)
    ]
    drawn = [[None if value == float("inf") else value for value in row] for row in series]
    title = _("Seconds until the answer")
    legend = [_("half of the answers"), _("95 of 100 answers")]
    note = _("At most so long, from the arrival of a message to its answer; not counted by area.")
    columns = [_("day") if filters.period == "30" else _("from"), *legend]
    return Figure(
        "times", title, columns, rows, charts.lines(labels, drawn, title, _description(filters)), note, legend
    )


def _seconds(value: float) -> str:
    return _("longer") if value == float("inf") else f"≤ {value:g}"


def _listed(filters: Filters) -> tuple[dict[tuple[str, ...], int], set[tuple[str, ...]]]:
    """What was not found by (category, country, area, language), and the keys of it that are listed."""
    names = ("value", "country", "admin1", "language")
    cells, told = _cells(filters, [Event.NOTHING], lambda row: tuple(row[name] for name in names), *names)
    return cells, {key for key, count in cells.items() if count >= LIMIT and key not in told}


def _rest(filters: Filters) -> dict[str, int]:
    """By category, what of the needs without an answer is in no row of `unmet`."""
    cells, listed = _listed(filters)
    rest: dict[str, int] = {}
    for key, count in cells.items():
        if key not in listed:
            rest[key[0]] = rest.get(key[0], 0) + count
    return rest


def unmet(filters: Filters) -> Figure:
    """Needs that no place could be found for, by kind of help, area and language; only those counted `LIMIT` times or more."""
    cells, listed = _listed(filters)
    labels, name = _labels(), area_names()
    rows, bars = [], []
    for key in sorted(listed, key=lambda key: (-cells[key], key)):
        code, country, admin1, language = key
        where = name(country, admin1)
        spoken = language_name(language) if language else _("not counted")
        rows.append([labels.get(code, code), where, spoken, cells[key]])
        bars.append(_bar(f"{labels.get(code, code)}, {where}, {spoken}", cells[key], secret=False))
    title = _("Needs without an answer")
    note = _("Only what was asked ten times or more. A kind of help that is missing here may be worth looking for.")
    columns = [_("kind of help"), _("area"), _("language"), _("times")]
    return Figure(
        "unmet", title, columns, rows, charts.bars(bars[:MOST_BARS], title, _description(filters), wide=True), note
    )


_CLASSES = {
    "sea": gettext_lazy("at sea"),
    "danger": gettext_lazy("in danger"),
    "self_harm": gettext_lazy("self-harm"),
    "child": gettext_lazy("child alone"),
    "detained": gettext_lazy("detained"),
    "gbv": gettext_lazy("gender-based violence"),
    "trafficking": gettext_lazy("trafficking"),
}


def _danger(filters: Filters) -> Figure:
    """Crises by class; they are counted by country only, so other filters do not hold."""
    by_country = Filters(filters.period, filters.until, filters.country)
    cells, few = _view(by_country, [Event.CRISIS], lambda row: row["value"], "value")
    rows = [[str(label), _said(cells.get(code, 0), code in few)] for code, label in _CLASSES.items()]
    bars = [_bar(str(label), cells.get(code, 0), code in few) for code, label in _CLASSES.items()]
    title = _("People in danger")
    note = _("Counted by country only. Most wrote before they said where they are.")
    columns = [_("kind of danger"), _("messages")]
    return Figure("danger", title, columns, rows, charts.bars(bars, title, _description(filters)), note)


def areas(filters: Filters) -> list[tuple[str, str]]:
    """(value, name) of the countries and areas that may be chosen: those with `LIMIT` messages or more, and no tell-tale rest."""
    rows = _tallies(filters, Event.ANSWERED, Event.NEED).values("country", "admin1").annotate(n=Sum("count")).order_by()
    countries: dict[str, int] = {}
    within: dict[str, dict[str, int]] = {}
    for row in rows:
        countries[row["country"]] = countries.get(row["country"], 0) + row["n"]
        within.setdefault(row["country"], {})[row["admin1"]] = row["n"]
    found, few, name = [], hidden(countries), area_names()
    for country in sorted(set(countries) - few - {""}, key=lambda country: name(country, "")):
        found.append((country, name(country, "")))
        gone = hidden(within[country])
        known = (admin1 for admin1 in within[country] if admin1 and admin1 not in gone)
        found += sorted(((f"{country}/{admin1}", name(country, admin1)) for admin1 in known), key=lambda pair: pair[1])
    return found


def channels() -> list[str]:
    """The channels that were counted."""
    return list(Tally.objects.exclude(channel="").order_by("channel").values_list("channel", flat=True).distinct())
