"""What people told about the entry whose page is open."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.utils.translation import gettext as _

from directory.access import sees
from directory.insight.views import described, may_settle
from directory.models import Service, Task, UserReport

register = template.Library()


@register.inclusion_tag("insight/panel.html", takes_context=True)
def people_said(context: Context, service: Service | None) -> dict[str, Any]:
    """The panel of open reports about a service; empty where there are none, or the person may not see them."""
    request = context["request"]
    user = request.user
    if service is None or not user.has_perm("directory.view_userreport"):
        return {"rows": []}
    found = UserReport.objects.filter(service=service, state=UserReport.State.OPEN).select_related("service")
    reports = list(sees(user, found.prefetch_related("service__texts")))
    mine = may_settle(user, reports)
    return {
        "rows": described(reports, mine),
        "may_settle_any": bool(mine),
        "flagged": reports and Task.reported_services().filter(service=service).exists(),
        "service": service,
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "title": _("What people told about this entry"),
    }
