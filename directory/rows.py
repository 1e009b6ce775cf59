"""Which rows of each model a role sees and edits, as one table for each role. `directory.access` joins those of a person's roles.

A rule takes the person and returns a Q over the rows of its model; an empty Q stands for all of them. A model that a table
does not name has no rows for that role.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, OuterRef, Q, QuerySet

if TYPE_CHECKING:
    from directory.models import User

__all__ = [
    "ANY_MODEL",
    "CONFIDENTIAL",
    "EDITED_WITH_A_SERVICE",
    "EDITS",
    "SEES",
    "SENSITIVE_REPORTS",
    "Rule",
    "everything",
    "nothing",
]

Rule = Callable[["User"], Q]

ANY_MODEL = "*"
"""The key of the rule for models that the table does not name."""

EDITED_WITH_A_SERVICE = (
    "servicetext",
    "servicecontact",
    "openinginterval",
    "openingexception",
    "spokenlanguage",
    "serviceatlocation",
    "servicearea",
)
"""Models that are edited on the page of their service."""
PARTS_OF_A_SERVICE = (
    *EDITED_WITH_A_SERVICE,
    "servicesearch",
    "formerid",
    "reminder",
)
"""Models with a `service`: who sees or edits that one sees or edits them."""

CONFIDENTIAL = ("confidentialplace", "confidentialproposal")
"""Models with exact places: their rows are nobody's without the permission `view_confidential`."""

SENSITIVE_REPORTS = ("charged_money", "unsafe")
"""Complaints are for protection officers and administrators only, never for whoever reads the rest (design: safety, A2)."""
SENSITIVE_TASKS = "complaint:"
"""Beginning of the key of tasks that rest on such complaints (`directory.insight.flags`)."""
COMPLAINTS, COMPLAINT_TASKS = Q(kind__in=SENSITIVE_REPORTS), Q(kind="reported", key__startswith=SENSITIVE_TASKS)
SENSITIVE_CATEGORIES = ("safe_space", "child_protection")


def rows(model: str) -> QuerySet[Any]:
    """All rows of a model of the directory."""
    found: QuerySet[Any] = apps.get_model("directory", model)._base_manager.all()
    return found


def everything(user: User) -> Q:
    """Every row of the model."""
    return Q()


def nothing(user: User) -> Q:
    """No row of the model."""
    return Q(pk__in=[])


def through(field: str, model: str, rule: Rule) -> Rule:
    """The rows whose foreign key `field` leads to a row that the rule allows."""

    def follow(user: User) -> Q:
        allowed = rule(user)
        return Q(**{f"{field}__in": rows(model).filter(allowed).values("pk")}) if allowed else allowed

    return follow


def changes_of(targets: dict[str, Rule]) -> Rule:
    """The proposed changes of rows that the rules allow. Those of something new, which has no row yet, count as allowed."""

    def follow(user: User) -> Q:
        allowed = {model: rule(user) for model, rule in targets.items()}
        if not all(allowed.values()):
            return Q()
        found = Q(target_id__isnull=True)
        for model, condition in allowed.items():
            kind = ContentType.objects.get_for_model(apps.get_model("directory", model))
            found |= Q(target_type=kind, target_id__in=rows(model).filter(condition).values("pk"))
        return found

    return follow


def parts(service: Rule) -> dict[str, Rule]:
    """The rules of a service and of everything that belongs to one service."""
    return {"service": service, **{name: through("service", "service", service) for name in PARTS_OF_A_SERVICE}}


def _self(user: User) -> Q:
    return Q(pk=user.pk)


def _staff(user: User) -> Q:
    return Q(is_staff=True) | Q(pk=user.pk)


def _own(user: User) -> Q:
    """Rows of the person who put them there."""
    return Q(user=user)


def _of_a_text(service: Rule, article: Rule) -> Rule:
    """Drafts of the texts of what the rules allow."""

    def follow(user: User) -> Q:
        ours = (through("service", "service", service)(user), through("article", "article", article)(user))
        return ours[0] | ours[1] if all(ours) else Q()

    return follow


def _authored(user: User) -> Q:
    return Q(author=user)


def without(excluded: Q, rule: Rule) -> Rule:
    """The rows that the rule allows, except those of `excluded`."""

    def rest(user: User) -> Q:
        return rule(user) & ~excluded

    return rest


# Partners: what belongs to the organisations of which they are members.

EDITORS = ("owner", "editor")


class Partner:
    """Rules over the organisations in which the person has one of the roles."""

    def __init__(self, *roles: str) -> None:
        self.roles = roles

    def organisations(self, user: User) -> QuerySet[Any]:
        return rows("membership").filter(user=user, role__in=self.roles).values("organisation")

    def organisation(self, user: User) -> Q:
        return Q(pk__in=self.organisations(user))

    def owned(self, user: User) -> Q:
        """Rows with an `organisation`."""
        return Q(organisation__in=self.organisations(user))

    def location(self, user: User) -> Q:
        """Places of the organisation, and places of nobody that only its services use."""
        uses = rows("serviceatlocation").filter(location=OuterRef("pk"))
        mine = Q(service__organisation__in=self.organisations(user))
        return self.owned(user) | (
            Q(organisation__isnull=True) & Exists(uses.filter(mine)) & ~Exists(uses.exclude(mine))
        )

    def report(self, user: User) -> Q:
        return Q(service__organisation__in=self.organisations(user)) & ~COMPLAINTS

    def task(self, user: User) -> Q:
        mine = self.organisations(user)
        return (Q(service__organisation__in=mine) | Q(service__isnull=True, organisation__in=mine)) & ~Q(
            kind="reported"
        )

    def verification(self, user: User) -> Q:
        mine = self.organisations(user)
        return Q(service__organisation__in=mine) | Q(contact__organisation__in=mine)

    def people(self, user: User) -> Q:
        return Q(pk=user.pk) | Q(pk__in=rows("membership").filter(self.owned(user)).values("user"))

    def change(self, user: User) -> Q:
        """Changes that the person made, and those that colleagues made to what the organisation has."""
        colleagues = Q(author__in=rows("user").filter(self.people(user)))
        targets = changes_of({"service": self.owned, "contactpoint": self.owned, "location": self.location})
        return Q(author=user) | (colleagues & Q(target_id__isnull=False) & targets(user))

    def table(self) -> dict[str, Rule]:
        return {
            **parts(self.owned),
            "organisation": self.organisation,
            "contactpoint": self.owned,
            "location": self.location,
            "task": self.task,
            "organisationcontact": self.owned,
            "checkrequest": self.owned,
            "textdraft": _of_a_text(self.owned, nothing),
            "translationfile": _own,
        }


_member, _editor, _owner = Partner("owner", "editor", "viewer"), Partner(*EDITORS), Partner("owner")

# Reviewers and coordinators: their regions, and rows without a region in the countries of these.


class Area:
    """Rules over the regions of which the person is a validator; without any: all rows, or with `strict` none."""

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict

    def _scoped(self, user: User, condition: Callable[[QuerySet[Any], list[str]], Q]) -> Q:
        countries = sorted(set(user.regions.values_list("country", flat=True)))
        if not countries:
            return Q(pk__in=[]) if self.strict else Q()
        return condition(user.regions.values("pk"), countries)

    def service(self, user: User) -> Q:
        return self._scoped(user, _services_in)

    def location(self, user: User) -> Q:
        """Places in the countries, except those where only services of other regions are."""

        def inside(regions: QuerySet[Any], countries: list[str]) -> Q:
            uses = rows("serviceatlocation").filter(location=OuterRef("pk"))
            ours = uses.filter(service__in=rows("service").filter(_services_in(regions, countries)).values("pk"))
            return Q(country__in=countries) & (Exists(ours) | ~Exists(uses))

        return self._scoped(user, inside)

    def organisation(self, user: User) -> Q:
        """Organisations with a service there, or with none yet."""

        def inside(regions: QuerySet[Any], countries: list[str]) -> Q:
            found = rows("service").filter(_services_in(regions, countries)).values("organisation")
            return Q(pk__in=found) | Q(~Exists(rows("service").filter(organisation=OuterRef("pk"))))

        return self._scoped(user, inside)

    def contact(self, user: User) -> Q:
        """Contacts that a service there uses, and unused ones of organisations that work there."""

        def inside(regions: QuerySet[Any], countries: list[str]) -> Q:
            uses = rows("servicecontact").filter(contact=OuterRef("pk"))
            ours = uses.filter(service__in=rows("service").filter(_services_in(regions, countries)).values("pk"))
            near = rows("organisation").filter(self.organisation(user)).values("pk")
            return Q(Exists(ours)) | (Q(~Exists(uses)) & Q(organisation__in=near))

        return self._scoped(user, inside)

    def of_country(self, user: User) -> Q:
        return self._scoped(user, lambda regions, countries: Q(country__in=countries))

    def of_country_or_all(self, user: User) -> Q:
        return self._scoped(user, lambda regions, countries: Q(country__in=[*countries, ""]))

    def task(self, user: User) -> Q:
        services, organisations = self.service(user), self.organisation(user)
        if not services:
            return services
        found = Q(service__in=rows("service").filter(services).values("pk"))
        near = rows("organisation").filter(organisations).values("pk")
        return found | Q(service__isnull=True, organisation__in=near) | self._homeless()

    def _homeless(self) -> Q:
        """Tasks about nothing in particular are everybody's."""
        return Q(service__isnull=True, organisation__isnull=True)

    def verification(self, user: User) -> Q:
        targets = {
            "service": self.service,
            "contact": self.contact,
            "article": self.of_country_or_all,
            "emergency_number": self.of_country_or_all,
        }
        found = Q()
        for field, rule in targets.items():
            condition = through(field, {"contact": "contactpoint"}.get(field, field.replace("_", "")), rule)(user)
            if not condition:
                return Q()
            found |= condition
        return found

    def imports(self, user: User) -> Q:
        """Files of organisations that work there, and those that the person brought in."""
        near = self.organisation(user)
        if not near:
            return near
        ours = Q(source__organisation__in=rows("organisation").filter(near).values("pk"))
        return ours | Q(uploaded_by=user) | Q(applied_by=user)

    def sources(self, user: User) -> Q:
        """Sources of organisations that work there, and those of no organisation."""
        return through("organisation", "organisation", self.organisation)(user) | (
            Q(organisation__isnull=True) if self.organisation(user) else Q()
        )

    def pairs(self, user: User) -> Q:
        """Pairs of services that both lie there."""
        first, second = through("a", "service", self.service)(user), through("b", "service", self.service)(user)
        return first & second

    def sees(self) -> dict[str, Rule]:
        return {
            **parts(self.service),
            "organisation": everything,
            "contactpoint": self.contact,
            "location": self.location,
            "article": self.of_country_or_all,
            "articletext": through("article", "article", self.of_country_or_all),
            "emergencynumber": self.of_country_or_all,
            "placealias": self.of_country,
            "placealiasname": through("alias", "placealias", self.of_country),
            "changerequest": changes_of(self._targets()),
            "userreport": without(COMPLAINTS, through("service", "service", self.service)),
            "task": without(COMPLAINT_TASKS, self.task),
            "verification": self.verification,
            "importrun": self.imports,
            "importrow": through("run", "importrun", self.imports),
            "importsource": self.sources,
            "duplicatepair": self.pairs,
            "organisationcontact": through("organisation", "organisation", self.organisation),
            "checkrequest": through("organisation", "organisation", self.organisation),
            "textdraft": _of_a_text(self.service, self.of_country_or_all),
            "translationfile": _own,
            "linkcheck": everything,
            "publication": everything,
            "allowedhost": everything,
            "region": everything,
            "category": everything,
            "user": _staff,
        }

    def _targets(self) -> dict[str, Rule]:
        return {
            "service": self.service,
            "servicetext": through("service", "service", self.service),
            "location": self.location,
            "contactpoint": self.contact,
            "organisation": self.organisation,
            "article": self.of_country_or_all,
            "articletext": through("article", "article", self.of_country_or_all),
            "emergencynumber": self.of_country,
        }

    def edits(self) -> dict[str, Rule]:
        """As seen, but organisations only with a service there, and nothing that is true everywhere."""
        own = {name: rule for name, rule in self.sees().items() if rule not in (everything, _staff)}
        return {
            **own,
            "organisation": self.organisation,
            "article": self.of_country,
            "articletext": through("article", "article", self.of_country),
            "emergencynumber": self.of_country,
            "allowedhost": everything,
            "linkcheck": everything,
        }


def _services_in(regions: QuerySet[Any], countries: list[str]) -> Q:
    """Services of the regions; of those without a region the ones in the countries, and the ones that lie nowhere yet."""
    sites = rows("serviceatlocation").filter(service=OuterRef("pk"))
    areas = rows("servicearea").filter(service=OuterRef("pk"))
    inside = Exists(sites.filter(location__country__in=countries)) | Exists(areas.filter(country__in=countries))
    nowhere = ~Exists(sites) & ~Exists(areas) & Q(serves_countries=[])
    for country in countries:
        inside |= Q(serves_countries__icontains=country)
    return Q(region__in=regions) | (Q(region__isnull=True) & (inside | nowhere))


_reviewer, _coordinator = Area(strict=False), Area(strict=True)

# Protection officers: confidential places, and services where a wrong word endangers somebody.


def _sensitive_service(user: User) -> Q:
    """Services at a place that is not public, of a sensitive category, or for survivors and children who are alone."""
    hidden = rows("serviceatlocation").filter(service=OuterRef("pk")).exclude(location__visibility="public")
    kinds = rows("service").filter(categories__in=SENSITIVE_CATEGORIES).values("pk")
    found = Exists(hidden) | Q(pk__in=kinds)
    for audience in ("gbv_survivor", "trafficking_survivor", "unaccompanied_child"):
        found |= Q(audiences__icontains=audience)
    return found


def _sensitive_location(user: User) -> Q:
    """Places that are not public, and public ones of sensitive services, which may have to become confidential."""
    services = rows("service").filter(_sensitive_service(user)).values("pk")
    uses = rows("serviceatlocation").filter(location=OuterRef("pk"), service__in=services)
    return ~Q(visibility="public") | Q(Exists(uses))


def _sensitive_report(user: User) -> Q:
    return COMPLAINTS


# Translators: all texts, and of these they write the ones in their languages.


def _in_their_languages(user: User) -> Q:
    return Q(lang__in=list(user.languages))


_NAMES: dict[str, Rule] = {"organisation": everything, "category": everything, "region": everything}
_TEXTS: dict[str, Rule] = dict.fromkeys(("service", "servicetext", "article", "articletext"), everything)

SEES: dict[str, dict[str, Rule]] = {
    "partner": {
        **_member.table(),
        "category": everything,
        "region": everything,
        "changerequest": _member.change,
        "userreport": _member.report,
        "verification": _member.verification,
        "membership": _member.owned,
        "invitation": _owner.owned,
        "user": _member.people,
    },
    "reviewer": _reviewer.sees(),
    "translator": {
        **_NAMES,
        **_TEXTS,
        "textdraft": everything,
        "translationfile": _own,
        "changerequest": _authored,
        "user": _self,
    },
    "protection": {
        **_NAMES,
        **_TEXTS,
        **parts(everything),
        **dict.fromkeys(("location", "confidentialplace", "confidentialproposal", "contactpoint"), everything),
        "changerequest": everything,
        "textdraft": everything,
        "translationfile": _own,
        **dict.fromkeys(("userreport", "task", "verification", "publication"), everything),
        "user": _staff,
    },
    "coordinator": {
        **_coordinator.sees(),
        "membership": through("organisation", "organisation", _coordinator.organisation),
        "invitation": lambda user: Q(invited_by=user),
    },
    "administrator": {ANY_MODEL: everything, **dict.fromkeys(CONFIDENTIAL, nothing), "translationfile": _own},
}
"""By role and by the name of the model, in small letters."""

EDITS: dict[str, dict[str, Rule]] = {
    "partner": {
        **_editor.table(),
        "changerequest": _authored,
        "verification": _editor.verification,
        "invitation": _owner.owned,
    },
    "reviewer": _reviewer.edits(),
    "translator": {
        **dict.fromkeys(("servicetext", "articletext", "textdraft"), _in_their_languages),
        "translationfile": _own,
        "changerequest": _authored,
    },
    "protection": {
        **parts(_sensitive_service),
        "location": _sensitive_location,
        "confidentialplace": everything,
        "confidentialproposal": everything,
        "textdraft": _of_a_text(_sensitive_service, nothing),
        "translationfile": _own,
        "changerequest": changes_of({"service": _sensitive_service, "location": _sensitive_location}),
        "userreport": _sensitive_report,
        "task": everything,
        "verification": through("service", "service", _sensitive_service),
    },
    "coordinator": {**_coordinator.edits(), "invitation": lambda user: Q(invited_by=user)},
    "administrator": {ANY_MODEL: everything, **dict.fromkeys(CONFIDENTIAL, nothing), "translationfile": _own},
}
