"""Figures about the directory itself, by region: what is offered, how fresh it is, and what becomes of reports."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from datetime import timezone as datetime_timezone
from statistics import median
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from directory.access import sees
from directory.codes import country_name
from directory.insight import charts
from directory.insight.figures import Figure, Filters
from directory.models import Category, Service, Task, User, UserReport

__all__ = ["coverage", "reports"]

MOST_BARS = 20


def coverage(filters: Filters, user: User) -> Figure:
    """Services that are offered, by region: checked in time, overdue, hidden or never checked, and the kinds of help there are."""
    today = timezone.localdate()
    offered = Service.objects.filter(status__in=Service.PUBLIC_STATUSES)
    if filters.country:
        offered = offered.filter(
            Q(region__country=filters.country) | Q(region__isnull=True, serves_countries__icontains=filters.country)
        )
    offered = sees(user, offered).order_by()
    gone = Q(verified_on__isnull=True) | Q(hidden_after__lt=today)
    found = offered.values("region", "region__name", "region__country").annotate(
        all=Count("pk"),
        gone=Count("pk", filter=gone),
        due=Count("pk", filter=Q(review_due__lt=today) & ~gone),
        reported=Count("pk", filter=Q(pk__in=Task.reported_services())),
    )
    kinds = dict(offered.values_list("region").annotate(n=Count("categories", distinct=True)))
    every = Category.objects.count()
    rows, bars = [], []
    for row in sorted(found, key=lambda row: (row["region"] is None, -row["all"])):
        name = f"{row['region__name']} ({country_name(row['region__country'])})" if row["region"] else _("no region")
        fresh = row["all"] - row["gone"] - row["due"]
        covered = f"{kinds.get(row['region'], 0)}/{every}"
        rows.append([name, row["all"], fresh, row["due"], row["gone"], covered, row["reported"]])
        bars.append(charts.Bar(name, (fresh, row["due"], row["gone"]), str(row["all"])))
    title, legend = (
        _("What is offered, and how fresh it is"),
        [_("checked in time"), _("overdue"), _("hidden or never checked")],
    )
    columns = [_("region"), _("services"), *legend, _("kinds of help"), _("reported as changed")]
    description = _("Published services by region, today. The figures stand in the table below.")
    return Figure(
        "coverage", title, columns, rows, charts.bars(bars[:MOST_BARS], title, description, wide=True), "", legend
    )


def reports(filters: Filters, user: User) -> Figure:
    """What people told about entries in the period, by kind: how many, how many wait, and how long it took to settle one."""
    start = datetime.combine(filters.since, time(), datetime_timezone.utc)
    told = sees(user, UserReport.objects.all())
    if filters.country:
        told = told.filter(service__region__country=filters.country)
    of_period: Any = told.filter(reported_on__gte=filters.since).values_list(
        "kind", "state", "reported_on", "handled_at"
    )
    stored = list(of_period)
    rows, bars = [], []
    for kind in UserReport.Kind:
        mine = [row for row in stored if row[0] == kind]
        if kind in UserReport.COMPLAINTS and not mine:
            continue  # a nought would tell somebody who sees no complaints that there are none
        waiting = sum(row[1] == UserReport.State.OPEN for row in mine)
        took = [(row[3].date() - row[2]) / timedelta(days=1) for row in mine if row[3] and row[3] >= start]
        rows.append([str(kind.label), len(mine), waiting, f"{median(took):g}" if took else "–"])
        bars.append(charts.Bar(str(kind.label), (len(mine) - waiting, waiting), str(len(mine))))
    title, legend = _("What people told about entries"), [_("settled"), _("open")]
    columns = [_("what is wrong"), _("reports"), _("open"), _("days until settled (median)")]
    description = _("Reports since %(since)s. The figures stand in the table below.") % {"since": filters.since}
    return Figure("reports", title, columns, rows, charts.bars(bars, title, description), "", legend)
