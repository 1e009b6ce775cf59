"""A small directory with two organisations and two regions, and one person of each role: what tests of access look at."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType

from directory.access import Role
from directory.models import (
    AllowedHost,
    Article,
    ChangeRequest,
    CheckRequest,
    ConfidentialPlace,
    ContactPoint,
    DuplicatePair,
    EmergencyNumber,
    ImportRun,
    Invitation,
    Location,
    Membership,
    NoLetters,
    Organisation,
    OrganisationContact,
    PlaceAlias,
    Publication,
    Region,
    Service,
    Task,
    User,
    UserReport,
    Verification,
)

__all__ = ["PEOPLE", "World", "person"]

PEOPLE = (
    "partner",
    "viewer",
    "reviewer",
    "reviewer_gr",
    "translator",
    "protection",
    "coordinator",
    "administrator",
    "superuser",
)
"""People of a world: each has the role of that name, `viewer` is a partner who only looks on, `reviewer_gr` reviews Greece."""

ROLE_OF = {"viewer": Role.PARTNER, "reviewer_gr": Role.REVIEWER}


def person(name: str, **fields: Any) -> User:
    """A member of staff with the role of that name."""
    user: User = User.objects.create_user(
        name, email=f"{name}@example.org", password="a long pass phrase", is_staff=True, **fields
    )
    if name != "superuser":
        user.groups.add(Group.objects.get(name=ROLE_OF.get(name, name)))
    return user


class World:
    """Records by a label, like `service:ours`. Everything is in Athens or Nairobi."""

    def __init__(self) -> None:
        self.people = {name: person(name, is_superuser=name == "superuser") for name in PEOPLE}
        User.objects.filter(username="translator").update(languages=["ar"])
        self.people["translator"].refresh_from_db()
        self.records: dict[str, Any] = {}
        self._organisations()
        self._services()
        self._places()
        self._around()
        self.extra: dict[str, Any] = {}
        """Records that only the walk over all addresses asks for."""
        self._extra()

    def __getitem__(self, label: str) -> Any:
        return self.records[label]

    def _organisations(self) -> None:
        for label in ("ours", "theirs", "empty"):
            self.records[f"organisation:{label}"] = Organisation.objects.create(name=f"World {label}", kind="ngo")
        for label, country in (("athens", "GR"), ("nairobi", "KE")):
            self.records[f"region:{label}"] = Region.objects.create(name=f"World {label}", country=country)
        for name, role in (("partner", "owner"), ("viewer", "viewer")):
            Membership.objects.create(user=self.people[name], organisation=self["organisation:ours"], role=role)
        for name in ("reviewer_gr", "coordinator"):
            self["region:athens"].validators.add(self.people[name])

    def _services(self) -> None:
        for label, organisation, region in (
            ("ours", "ours", "athens"),
            ("theirs", "theirs", "nairobi"),
            ("no_region", "theirs", None),
            ("nowhere", "theirs", None),
            ("hidden", "theirs", "athens"),
        ):
            service = Service.objects.create(
                organisation=self[f"organisation:{organisation}"],
                region=self[f"region:{region}"] if region else None,
                operator_type="ngo",
                status="published",
            )
            self.records[f"service:{label}"] = service
            for lang in ("en", "ar"):
                text = service.texts.create(lang=lang, name=f"World {label} {lang}", state="approved")
                self.records[f"text:{label}:{lang}"] = text
            self.records[f"hours:{label}"] = service.hours.create(weekday=0, opens=540, closes=600)

    def _places(self) -> None:
        for label, owner, country, users in (
            ("ours", "ours", "GR", ("ours",)),
            ("free", None, "GR", ("ours",)),
            ("shared", None, "GR", ("ours", "no_region")),
            ("theirs", "theirs", "KE", ("theirs",)),
            ("hidden", "theirs", "GR", ("hidden",)),
        ):
            secret = label == "hidden"
            place = Location.objects.create(
                organisation=self[f"organisation:{owner}"] if owner else None,
                name=f"World {label}",
                city="Athens" if country == "GR" else "Nairobi",
                country=country,
                tz="Europe/Athens" if country == "GR" else "Africa/Nairobi",
                visibility="contact_only" if secret else "public",
                **({} if secret else {"lat": 37.98, "lon": 23.73}),
            )
            self.records[f"location:{label}"] = place
            for service in users:
                self[f"service:{service}"].sites.create(location=place)
        exact = ConfidentialPlace.objects.create(location=self["location:hidden"], address="ZZSECRET 1")
        self.records["confidential:hidden"] = exact

    def _around(self) -> None:
        add = self.records.__setitem__
        for label in ("ours", "theirs"):
            service, organisation = self[f"service:{label}"], self[f"organisation:{label}"]
            contact = ContactPoint.objects.create(organisation=organisation, kind="email", value=f"{label}@example.org")
            service.service_contacts.create(contact=contact)
            add(f"contact:{label}", contact)
            add(f"report:{label}", UserReport.objects.create(service=service, kind="closed"))
            add(f"task:{label}", Task.objects.create(kind="broken_link", service=service))
            add(f"check:{label}", Verification.objects.create(service=service, method="call"))
        add("report:money", UserReport.objects.create(service=self["service:ours"], kind="charged_money"))
        money = {"key": f"complaint:{self['service:ours'].pk}", "service": self["service:ours"]}
        add("task:money", Task.objects.create(kind="reported", **money))
        add("task:nothing", Task.objects.create(kind="other", details="anything"))
        for country in ("GR", "KE", ""):
            label = country or "everywhere"
            due = {"review_due": "2099-01-01", "source_name": "x", "source_url": "https://example.org/"}
            article = Article.objects.create(topic="info_rights", country=country, status="published", **due)
            add(f"article:{label}", article)
            add(f"article_text:{label}", article.texts.create(lang="ar", title="x", body="y"))
            number = EmergencyNumber.objects.create(
                country=country, kind="sea", number="99999", source="x", source_date="2026-01-01"
            )
            add(f"number:{label}", number)
        for country in ("GR", "KE"):
            add(f"alias:{country}", PlaceAlias.objects.create(label=f"World {country}", country=country, lat=1, lon=1))
        kind = ContentType.objects.get_for_model(Service)
        for label, author, service in (("ours", "partner", "ours"), ("theirs", "administrator", "theirs")):
            change = ChangeRequest.objects.create(
                target_type=kind, target_id=self[f"service:{service}"].pk, author=self.people[author]
            )
            add(f"change:{label}", change)
        add("host", AllowedHost.objects.create(host="world.example.org"))
        add("publication", Publication.objects.create(state="failed"))
        add("import", ImportRun.objects.create(file_name="x.csv", uploaded_by=self.people["administrator"]))
        add("import:coordinator", ImportRun.objects.create(file_name="y.csv", uploaded_by=self.people["coordinator"]))
        add(
            "invitation:ours",
            Invitation.objects.create(
                email="new@example.org", organisation=self["organisation:ours"], invited_by=self.people["administrator"]
            ),
        )

    def _extra(self) -> None:
        service = {label: self[f"service:{label}"] for label in ("ours", "hidden", "theirs", "no_region")}
        for label, a, b in (("ours", "ours", "hidden"), ("theirs", "theirs", "no_region")):
            first, second = sorted((service[a], service[b]), key=lambda one: one.pk)
            self.extra[f"pair:{label}"] = DuplicatePair.objects.create(a=first, b=second, score=50, reasons=["name"])
            owner = {"organisation": self[f"organisation:{label}"], "email": f"desk@{label}.example.org"}
            self.extra[f"desk:{label}"] = OrganisationContact.objects.create(**owner)
            self.extra[f"asked:{label}"] = CheckRequest.objects.create(**owner)
        self.extra["silent"] = NoLetters.objects.create(email="silent@example.org")
        self.extra["published"] = Publication.objects.create(state="published")
