"""Which links the directory holds, where they are used, what became of them, and a task for those that stay broken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from directory.freshness.reach import Policy, Reached, reach_all
from directory.models import Article, ContactPoint, LinkCheck, Organisation, Task

__all__ = ["Done", "Use", "advice", "check_due", "collect", "uses"]

OWN_FAULT = 5
"""If at least so many links fail for want of an answer and no other opens, this server's own connection is the likelier reason."""
Result = LinkCheck.Result


@dataclass(frozen=True)
class Use:
    """A record that holds a link: what it is called, and the page on which it is edited."""

    name: str
    page: str
    organisation: Organisation | None = None


@dataclass(frozen=True)
class Done:
    """What one round did."""

    tried: int = 0
    failing: int = 0
    reason: str = ""


def _sources() -> tuple[QuerySet[Organisation], QuerySet[ContactPoint], QuerySet[Article]]:
    """The records with links. Sample records hold invented ones, which nobody visits."""
    return (
        Organisation.objects.filter(sample=False).exclude(website=""),
        ContactPoint.objects.filter(sample=False, kind=ContactPoint.Kind.WEB).select_related("organisation"),
        Article.objects.filter(sample=False).exclude(source_url="").exclude(status=Article.Status.ARCHIVED),
    )


def collect() -> None:
    """Bring the list of links in line with the records: new ones are added, those that nobody holds any more are removed."""
    organisations, contacts, articles = _sources()
    held = {
        *organisations.values_list("website", flat=True),
        *contacts.values_list("value", flat=True),
        *articles.values_list("source_url", flat=True),
    }
    known = set(LinkCheck.objects.values_list("url", flat=True))
    with transaction.atomic():
        LinkCheck.objects.bulk_create([LinkCheck(url=url) for url in held - known], ignore_conflicts=True)
        for url in known - held:
            LinkCheck.objects.filter(url=url).delete()


def uses(urls: Iterable[str]) -> dict[str, list[Use]]:
    """Where each link is used: one query for each kind of record."""
    wanted, found = set(urls), defaultdict[str, list[Use]](list)
    organisations, contacts, articles = _sources()
    for organisation in organisations.filter(website__in=wanted):
        page = reverse("admin:directory_organisation_change", args=[organisation.pk])
        found[organisation.website].append(Use(organisation.name, page, organisation))
    for contact in contacts.filter(value__in=wanted).prefetch_related("services"):
        services = list(contact.services.all())
        for service in services[:5]:
            page = reverse("admin:directory_service_change", args=[service.pk])
            found[contact.value].append(Use(str(service), page, contact.organisation))
        if not services:
            page = reverse("admin:directory_organisation_change", args=[contact.organisation_id])
            found[contact.value].append(Use(contact.organisation.name, page, contact.organisation))
    for article in articles.filter(source_url__in=wanted):
        found[article.source_url].append(
            Use(str(article), reverse("admin:directory_article_change", args=[article.pk]))
        )
    return found


def advice(link: LinkCheck) -> str:
    """What to do about a link, in words."""
    words = {
        Result.MOVED: _("The page has moved for good: open the new address, and put it in the place of the old one."),
        Result.UNCLEAR: _("The site does not let programs in: open the link yourself to see whether it works."),
        Result.GONE: _("The page says %(status)s: find the new page of the organisation, or remove the link."),
        Result.FAILING: _(
            "The site reports an error (%(status)s): open it yourself; if it fails, ask the organisation."
        ),
        Result.NAME: _("The name of the site does not exist (any more): find the new site, or remove the link."),
        Result.TLS: _("The site's certificate is not valid, and browsers warn people: tell the organisation."),
        Result.NO_ANSWER: _("The site does not answer: open it yourself; if it fails, ask the organisation."),
        Result.LOOP: _("The link leads from one address to the next: replace it by the address where you end up."),
        Result.REFUSED: _("The link leads to an address that is not on the public internet: replace it."),
    }
    known = {str(result): text for result, text in words.items()}
    return known.get(link.result, "") % {"status": link.status or ""}


def _store(link: LinkCheck, reached: Reached) -> None:
    now = timezone.now()
    link.result, link.status, link.leads_to = reached.result, reached.status, reached.leads_to
    link.checked_at = now
    if reached.result in LinkCheck.FINE:
        link.failures, link.first_failed = 0, None
    else:
        link.failures += 1
        link.first_failed = link.first_failed or now
    link.save()
    if link.broken:
        _task(link)


def _task(link: LinkCheck) -> None:
    """One open task a link, at the first organisation that uses it."""
    found = uses([link.url]).get(link.url, [])
    organisation = next((use.organisation for use in found if use.organisation), None)
    where = ", ".join(dict.fromkeys(use.name for use in found[:3]))
    details = f"{advice(link)} {link.url} ({where})"[:300]
    Task.found(Task.Kind.BROKEN_LINK, f"link:{link.pk}", organisation=organisation, details=details)


def _own_fault(links: Iterable[LinkCheck], reached: dict[str, Reached]) -> bool:
    """Whether nothing at all was reached, though half of it was fine before."""
    silent = {str(Result.NAME), str(Result.NO_ANSWER)}
    tried = [link for link in links if link.url in reached]
    fresh = [link for link in tried if not link.failures]
    nothing = all(reached[link.url].result in silent for link in tried)
    return nothing and len(tried) >= OWN_FAULT and 2 * len(fresh) >= len(tried)


def check_due(limit: int, policy: Policy | None = None, *, again: bool = False) -> Done:
    """Try the links whose week is over, longest first, at most `limit`; with `again` also those tried this week."""
    collect()
    links = LinkCheck.objects.all()
    if not again:
        links = links.filter(Q(checked_at=None) | Q(checked_at__lte=timezone.now() - LinkCheck.EVERY))
    chosen = list(links.order_by("checked_at", "pk").filter(checked_at=None)[:limit])
    chosen += list(links.order_by("checked_at", "pk").exclude(checked_at=None)[: limit - len(chosen)])
    if not chosen:
        return Done()
    reached = {url: row for url, row in reach_all([link.url for link in chosen], policy).items() if not row.ours}
    if not reached or _own_fault(chosen, reached):
        return Done(reason=_("No link answers: perhaps this server has no way to the internet. Nothing was stored."))
    failing = 0
    for link in chosen:
        if link.url in reached:
            with transaction.atomic():
                _store(link, reached[link.url])
            failing += bool(link.failures)
    return Done(len(reached), failing)
