"""Exact places that must not be known, and everything that can happen to them: what `test_sentinel.py` looks for, and where.

Each secret has words that stand nowhere else and a point that no other record has. A `Story` runs through edits, decisions,
imports, merges, translations, letters, publications and restorations with them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directory.changes.history import restore, restore_publication
from directory.chores import run_due
from directory.duplicates.find import refresh
from directory.freshness.reminders import plan, send_all
from directory.models import (
    Category,
    ChangeRequest,
    CheckRequest,
    ConfidentialPlace,
    DuplicatePair,
    ImportRun,
    Location,
    OrganisationContact,
    Publication,
    Service,
    Verification,
)
from directory.publish import publish
from directory.translations.editing import save_draft
from directory.translations.kinds import KINDS, pair
from tests.directory.importing import HEADERS, checked, go, row, table
from tests.directory.test_admin import form_of
from tests.directory.world import World

__all__ = ["SECRETS", "Secret", "Story", "browser", "told"]

CENTRE = (37.98376, 23.72784)
ATHENS = {"city": "Athens", "country": "GR", "tz": "Europe/Athens", "centre_lat": CENTRE[0], "centre_lon": CENTRE[1]}
"""What may be told of Athens."""


@dataclass(frozen=True)
class Secret:
    """One exact place. Its words begin with the mark."""

    mark: str
    lat: float
    lon: float

    @property
    def facts(self) -> dict[str, Any]:
        """As a form sends them and a `ConfidentialPlace` holds them, without the note."""
        words = {"address": f"{self.mark} Lane 7", "postcode": f"{self.mark}99", "transport": f"Bus 5 to {self.mark}"}
        return {**words, "lat": self.lat, "lon": self.lon}

    @property
    def numbers(self) -> set[str]:
        """The point with three digits, cut or rounded."""
        return {text for value in (self.lat, self.lon) for text in (f"{value:.6f}"[:6], f"{value:.3f}")}


SECRETS: dict[str, Secret] = {
    "old": Secret("zzqold", 38.046237, 23.804987),
    "approved": Secret("zzqapproved", 38.057338, 23.815876),
    "rejected": Secret("zzqrejected", 38.068439, 23.826765),
    "pending": Secret("zzqpending", 38.079541, 23.837654),
    "sent_back": Secret("zzqback", 38.081642, 23.848543),
    "own": Secret("zzqown", 38.092743, 23.859432),
    "opened": Secret("zzqopened", 38.103844, 23.861321),
    "was_public": Secret("zzqwas", 38.114945, 23.872211),
    "moved_to": Secret("zzqmoved", 38.126146, 23.883122),
    "listed": Secret("zzqlisted", 38.137247, 23.894033),
    "listed_again": Secret("zzqagain", 38.148348, 23.905944),
    "in_file": Secret("zzqfile", 38.159449, 23.916855),
    "shelter": Secret("zzqshelter", 38.161551, 23.927766),
    "kept": Secret("zzqkept", 38.172652, 23.938677),
}
_NUMBERS = sorted(number for secret in SECRETS.values() for number in secret.numbers)
_ANY = re.compile(
    f"zzq(?:{'|'.join(secret.mark[3:] for secret in SECRETS.values())})"
    rf"|(?<![\d.,:])(?:38[.,](?:{'|'.join(n[3:] for n in _NUMBERS if n.startswith('38'))})"
    rf"|23[.,](?:{'|'.join(n[3:] for n in _NUMBERS if n.startswith('23'))}))"
)
"""All at once: what they share is looked for once, because thousands of pages are searched."""


def told(text: str) -> set[str]:
    """What of the secrets stands in a text: words in any case, figures with more digits, too."""
    return set(_ANY.findall(text.lower()))


def browser(user: Any) -> Client:
    """A browser in which the person is logged in."""
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def _page(record: Any) -> str:
    return reverse(f"admin:directory_{record._meta.model_name}_change", args=(record.pk,))


def _edit(user: Any, record: Any, **values: Any) -> Any:
    """Send the record's page with other values, forged ones among them; follow to what the person is told."""
    client = browser(user)
    return client.post(_page(record), {**form_of(client, _page(record)), **values}, follow=True)


def _decide(user: Any, change: ChangeRequest, action: str, **more: Any) -> Any:
    client, url = browser(user), reverse("changes:change", args=(change.pk,))
    page = client.get(url)
    taken = [line.path for line in page.context["rows"] if line.chosen]
    return client.post(
        url, {"seen": page.context["seen"], "take": taken, "action": action, "note": "as agreed", **more}
    )


def _confidential(secret: Secret) -> dict[str, str]:
    return {f"confidential-0-{name}": str(value) for name, value in secret.facts.items()}


class Story:
    """A world in which exact places were told only to those who may know them. `answers`: what people were shown on the way."""

    def __init__(self) -> None:
        self.world = World()
        self.people: dict[str, Any] = dict(self.world.people)
        self.second = self._officer()
        self.answers: list[tuple[str, Any]] = []
        self.uploads: set[str] = set()
        self._ready()
        self._hidden_place()
        self._own_place()
        self._place_that_was_public()
        self._files()
        self._twins()
        self._words_and_letters()
        self._back()
        self.publications = list(Publication.objects.filter(state="published"))

    def _officer(self) -> Any:
        from directory.models import User

        user = User.objects.create_user(
            "officer", email="officer@example.org", password="a long pass phrase", is_staff=True
        )
        user.groups.add(Group.objects.get(name="protection"))
        return user

    def _saw(self, who: str, answer: Any) -> Any:
        self.answers.append((who, answer))
        return answer

    def _ready(self) -> None:
        """Everything of the world is public, checked, and can be asked for; the sample directory is out of the way."""
        Service.objects.filter(sample=True).update(status="archived")
        shelter = Category.objects.get(pk="shelter")
        for label, record in self.world.records.items():
            if label.startswith("service:"):
                record.categories.add(shelter)
                Verification.objects.create(service=record, method="call", outcome="confirmed", at=timezone.localdate())
                record.refresh_review()
        Location.objects.filter(name__startswith="World").update(centre_lat=CENTRE[0], centre_lon=CENTRE[1])
        self.hidden = Location.objects.get(pk=self.world["location:hidden"].pk)

    def _hidden_place(self) -> None:
        """Edits of a `contact_only` place: approved, rejected, sent back, waiting."""
        ConfidentialPlace.objects.filter(location=self.hidden).update(
            **SECRETS["old"].facts, note="Ring at zzqold, twice"
        )
        first, second = self.people["protection"], self.second
        for name, action in (("approved", "approve"), ("rejected", "reject"), ("sent_back", "send_back")):
            _edit(first, self.hidden, **_confidential(SECRETS[name]))
            change = ChangeRequest.objects.filter(author=first).latest("pk")
            self._saw("protection", _decide(second, change, action))
        _edit(second, self.hidden, **_confidential(SECRETS["pending"]))
        stored = ConfidentialPlace.objects.get(location=self.hidden)
        assert stored.address == SECRETS["approved"].facts["address"], "an officer's edit was approved"
        assert ChangeRequest.objects.filter(author=second, state="pending", confidential=True).count() == 1

    def _own_place(self) -> None:
        """An `area_only` place of the partner's own organisation, which the partner asks to open."""
        ours = self.world["organisation:ours"]
        self.own = Location.objects.create(organisation=ours, name="World own", visibility="area_only", **ATHENS)
        ConfidentialPlace.objects.create(location=self.own, **SECRETS["own"].facts, note="zzqown: the blue door")
        self.world["service:ours"].sites.create(location=self.own)
        wish = {"visibility": "public", **SECRETS["opened"].facts}
        self._saw("author", _edit(self.people["partner"], self.own, **wish))
        self.opening = ChangeRequest.objects.filter(author=self.people["partner"], confidential=True).latest("pk")

    def _place_that_was_public(self) -> None:
        """A public place, edited, proposed about, published and looked up; then its organisation has it kept back."""
        ours, was = self.world["organisation:ours"], SECRETS["was_public"]
        place = Location.objects.create(organisation=ours, name="World was public", **was.facts, **ATHENS)
        self.was_public = place
        self.world["service:ours"].sites.create(location=place)
        self._saw("administrator", _edit(self.people["administrator"], place, wheelchair="yes"))
        for action in ("approve", "reject", None):
            moved = SECRETS["moved_to"].facts if action != "approve" else {**was.facts, "transport": "Bus 6 to zzqwas"}
            self._saw("author", _edit(self.people["partner"], place, **moved))
            change = ChangeRequest.objects.filter(author=self.people["partner"], confidential=False).latest("pk")
            if action:
                _decide(self.people["reviewer"], change, action)
        self.old = publish()
        self.answers.clear()  # until now it was public
        self._saw("author", _edit(self.people["partner"], place, visibility="area_only"))
        place.refresh_from_db()
        assert place.visibility == "area_only" and place.confidential.address == was.facts["address"]
        run_due()

    def _files(self) -> None:
        """Imports: a place that a file keeps back, a shelter, a public place that is kept back later, a file about it, an undo."""
        headers = (*HEADERS, "visibility")
        boss = self.people["administrator"]

        def line(number: int, name: str, secret: Secret, visibility: str = "", **cells: str) -> tuple[str, ...]:
            facts = {
                "id": f"S{number}",
                "name": name,
                "address": secret.facts["address"],
                "phone": f"+30 21 0321 {7000 + 131 * number * number}",
            }
            point = {"latitude": str(secret.lat), "longitude": str(secret.lon), "email": ""}
            return (*row(**{**facts, **point, **cells}), visibility)

        listed = line(1, "Listed office", SECRETS["listed"])
        secret = line(2, "Quiet office", SECRETS["in_file"], "confidential")
        shelter = line(3, "Night shelter for women", SECRETS["shelter"])
        swapped = line(
            4, "Wrong way round", SECRETS["kept"], "confidential", latitude="23.938677", longitude="38.172652"
        )
        refused = self._run(table(line(1, "Listed office", SECRETS["listed"], phone="+30 12"), headers=headers), boss)
        one = self._run(table(listed, secret, shelter, swapped, headers=headers), boss)
        two = self._run(
            table(line(1, "Listed office", SECRETS["listed_again"]), secret, shelter, headers=headers), boss
        )
        service = Service.objects.get(texts__name="Listed office")
        Service.objects.filter(pk=service.pk).update(status="published")
        self.listed = service.locations.get()
        assert self.listed.address == SECRETS["listed_again"].facts["address"]
        publish()
        self._saw("reviewer", _edit(self.people["administrator"], self.listed, visibility="contact_only"))
        self.listed.refresh_from_db()
        assert self.listed.visibility == "contact_only"
        kept = line(2, "Quiet office", SECRETS["kept"])  # this file does not say that the place is confidential
        three = self._run(table(line(1, "Listed office", SECRETS["kept"]), kept, headers=headers), boss)
        four = self._run(table(line(7, "Taken back", SECRETS["in_file"], "confidential"), headers=headers), boss)
        go(four, "to_undo")
        self.runs = [ImportRun.objects.get(pk=run.pk) for run in (refused, one, two, three, four)]
        hidden = Location.objects.filter(services__texts__name__in=("Quiet office", "Night shelter for women"))
        assert {place.visibility for place in hidden} == {"area_only"}
        assert ConfidentialPlace.objects.filter(location__in=hidden).count() == 2

    def _run(self, data: bytes, user: Any) -> ImportRun:
        run = checked(data, by=user)
        self.uploads.add(run.stored_as)
        run = go(run, "to_apply")
        assert run.state == "applied", (run.state, run.error)
        return run

    def _twins(self) -> None:
        """Two services, one at a confidential place, are merged by two people, parted, and merged again."""
        refresh()
        a, b = sorted((self.world["service:hidden"], self.world["service:nowhere"]), key=lambda service: service.pk)
        self.pair = DuplicatePair.objects.create(a=a, b=b, score=50, reasons=["name"])
        url = reverse("duplicates:decide", args=(self.pair.pk,))
        for action, who in (
            ("merge", "reviewer"),
            ("merge", "administrator"),
            ("undo", "reviewer"),
            ("merge", "reviewer"),
            ("merge", "administrator"),
        ):
            page = browser(self.people[who]).get(reverse("duplicates:pair", args=(self.pair.pk,)))
            side = "a" if a == self.world["service:hidden"] else "b"
            data = {
                "action": action,
                "survivor": side,
                "work": "move",
                "fingerprint": page.context["compared"].fingerprint,
            }
            self._saw(who, browser(self.people[who]).post(url, {**data, "part:places": "both"}, follow=True))
        self.pair.refresh_from_db()
        assert self.pair.state == "merged", self.pair.state

    def _words_and_letters(self) -> None:
        """A translation, and a letter that asks whether the entries are correct."""
        words = {"name": "Translated"}
        for label in ("ours", "hidden"):
            found = pair(KINDS["service"], self.world[f"service:{label}"], "ar")
            save_draft(found, self.people["translator"], {**found.words, **words}, token=found.token, seen=1)
        OrganisationContact.objects.create(organisation=self.world["organisation:ours"], email="desk@example.org")
        late = timezone.localdate() - timedelta(days=1)
        Service.objects.filter(pk__in=[self.world["service:ours"].pk, self.world["service:hidden"].pk]).update(
            review_due=late
        )
        send_all(plan(timezone.localdate()))
        self.asked = CheckRequest.objects.filter(email="desk@example.org").latest("pk")

    def _back(self) -> None:
        """Back to earlier moments: one record, a whole publication; and a backup."""
        before = self.was_public.history.earliest().history_date + timedelta(milliseconds=1)
        restore(self.was_public, before, self.people["reviewer"])
        restore(self.was_public, before, self.second)
        self._saw(
            "administrator",
            browser(self.people["administrator"]).get(reverse("changes:publication", args=(self.old.publication,))),
        )
        restore_publication(Publication.objects.get(pk=self.old.publication), self.people["administrator"])
        Service.objects.filter(public_id__startswith="world").exclude(status="archived").update(status="published")
        run_due()
        publish()
        call_command("rebuildsearch", verbosity=0)
        refresh()
        kinds = ContentType.objects.get_for_model(Location)
        self.changes = list(ChangeRequest.objects.filter(target_type=kinds))

    @property
    def places(self) -> list[Location]:
        """All places that are confidential now."""
        return list(Location.objects.exclude(visibility="public").filter(confidential__isnull=False))
