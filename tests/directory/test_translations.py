"""Translations: what counts as missing or out of date, the list of work, the editor, and that nothing goes live unread or is lost."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from bot.languages import language, served
from bot.lookup.cards import card
from bot.lookup.snapshot import Directory
from bot.replies.cards import lines
from bot.replies.formats import Reader
from directory.models import Article, Organisation, Service, ServiceText, TextDraft, User
from directory.models.base import TranslatedText
from directory.translations import editing
from directory.translations.checks import check_field, check_words, clean
from directory.translations.coverage import OPEN, STATES, coverage, in_state, worklist
from directory.translations.differences import changed_fields, source_at, word_diff
from directory.translations.glossary import terms, terms_in
from directory.translations.kinds import KINDS, pair
from directory.translations.who import languages_of, may_approve, may_translate

SERVICE, ARTICLE = KINDS["service"], KINDS["article"]


def person(name: str, role: str = "translator", languages: tuple[str, ...] = ("fr", "ar")) -> User:
    user = User.objects.create_user(name, password="a long pass phrase", is_staff=True, languages=list(languages))
    user.groups.set(Group.objects.filter(name=role))
    return user


@pytest.fixture
def amina(db: None) -> User:
    return person("amina")


@pytest.fixture
def bruno(db: None) -> User:
    return person("bruno")


def address(service: Any, lang: str = "fr") -> str:
    kind = "article" if isinstance(service, Article) else "service"
    return reverse("translations:edit", args=[lang, kind, service.public_id])


def post(client: Client, service: Any, action: str, lang: str = "fr", **changes: str) -> HttpResponse:
    """What a browser sends: the fields of the page as they stand, some changed, and one button."""
    page = client.get(address(service, lang))
    data = {name: page.context["form"].initial[name] for name in page.context["form"].fields}
    data |= {"token": page.context["token"], "seen": str(page.context["seen"]), "action": action}
    return client.post(address(service, lang), data | changes)  # type: ignore[return-value]


# --- states ---


def test_a_change_of_the_source_makes_approved_texts_outdated_and_a_minor_one_does_not(
    staff: Client, service: Service
) -> None:
    from tests.directory.test_admin import address as admin_address
    from tests.directory.test_admin import errors, form_of

    service.texts.filter(lang="fr").update(state="approved")
    url = admin_address(Service, "change", service.pk)
    for minor, expected in ((True, "approved"), (False, "outdated")):
        data = form_of(staff, url)
        index = next(n for n in range(9) if data.get(f"texts-{n}-lang") == "en")
        data |= {f"texts-{index}-short_text": f"Other words {minor}."} | ({"minor_edit": "on"} if minor else {})
        assert errors(staff.post(url, data)) == []
        service.refresh_from_db()
        assert pair(SERVICE, service, "fr").state == expected
    assert service.version == 2


ADMIN_EDITS = [
    ("state", "draft", False, False, "another state is no new look at the source"),
    ("state", "approved", False, True, "who approves has compared it with the source of today"),
    ("short_text", "Autre.", False, True, "new words follow the source of today"),
    ("short_text", "Autre.", True, False, "a small correction leaves it behind the source"),
]


@pytest.mark.parametrize(
    ("field", "value", "minor", "follows"), [row[:4] for row in ADMIN_EDITS], ids=[r[4] for r in ADMIN_EDITS]
)
def test_what_an_edit_in_the_admin_says_of_an_outdated_text(
    staff: Client, service: Service, field: str, value: str, minor: bool, follows: bool
) -> None:
    from tests.directory.test_admin import address as admin_address
    from tests.directory.test_admin import errors, form_of

    author = person("earlier")
    service.texts.filter(lang="fr").update(state="needs_review", translator=author)
    service.source_changed()
    url = admin_address(Service, "change", service.pk)
    data = form_of(staff, url)
    index = next(n for n in range(9) if data.get(f"texts-{n}-lang") == "fr")
    assert (
        errors(staff.post(url, data | {f"texts-{index}-{field}": value} | ({"minor_edit": "on"} if minor else {})))
        == []
    )
    text = service.texts.get(lang="fr")
    assert (text.source_version == 2) is follows
    assert (text.translator == author) is (field == "state"), "who approves is not the translator"
    assert (text.reviewed_by is not None) is (value == "approved")


STATE_TABLE = [
    ("no row", lambda s: s.texts.filter(lang="fr").delete(), "missing"),
    ("a row that says missing", lambda s: s.texts.filter(lang="fr").update(state="missing"), "missing"),
    ("draft", lambda s: s.texts.filter(lang="fr").update(state="draft"), "draft"),
    ("machine", lambda s: s.texts.filter(lang="fr").update(state="machine"), "machine"),
    ("needs review", lambda s: s.texts.filter(lang="fr").update(state="needs_review"), "needs_review"),
    ("approved", lambda s: s.texts.filter(lang="fr").update(state="approved"), "approved"),
    ("approved, source changed", lambda s: (s.texts.filter(lang="fr").update(state="approved"), s.source_changed()), "outdated"),
    ("draft, source changed", lambda s: (s.texts.filter(lang="fr").update(state="draft"), s.source_changed()), "draft"),
    ("nothing but a draft", lambda s: (s.texts.filter(lang="fr").delete(), waiting(s, "draft")), "draft"),
    ("nothing but a sent draft", lambda s: (s.texts.filter(lang="fr").delete(), waiting(s, "needs_review")), "needs_review"),
    ("missing row and a draft", lambda s: (s.texts.filter(lang="fr").update(state="missing"), waiting(s, "draft")), "draft"),
    ("approved and a draft", lambda s: (s.texts.filter(lang="fr").update(state="approved"), waiting(s, "draft")), "approved"),
    ("approved and a sent draft", lambda s: (s.texts.filter(lang="fr").update(state="approved"), waiting(s, "needs_review")), "needs_review"),
    ("outdated and a draft", lambda s: (s.texts.filter(lang="fr").update(state="approved"), waiting(s, "draft"), s.source_changed()), "outdated"),
]  # fmt: skip


def waiting(service: Service, state: str) -> TextDraft:
    return TextDraft.objects.create(service=service, lang="fr", wording={"name": "Autre"}, state=state)


@pytest.mark.parametrize(("arrange", "state"), [row[1:] for row in STATE_TABLE], ids=[row[0] for row in STATE_TABLE])
def test_one_state_everywhere(service: Service, arrange: Callable[[Service], Any], state: str) -> None:
    """The editor, the list and the coverage table say the same of a text."""
    arrange(service)
    service.refresh_from_db()
    only = Service.objects.filter(pk=service.pk)
    assert pair(SERVICE, service, "fr").state == state
    assert [row.work for row in in_state(SERVICE, only, "fr")] == [state]
    (row,) = coverage(SERVICE, only, [language("fr")])
    assert row.counts == {name: int(name == state) for name in STATES}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_table_and_the_lists_count_the_same(db: None, kind: Any) -> None:
    everything = kind.record.objects.all()
    first = everything.first()
    assert first is not None
    first.source_changed()
    rows = coverage(kind, everything, served())
    assert [row.language.code for row in rows] == [known.code for known in served()]
    for row in rows:
        found = [record.work for record in in_state(kind, everything, row.language.code)]
        assert row.counts == {state: found.count(state) for state in STATES}
        assert row.total == everything.exclude(source_language=row.language.code).count()


def test_what_is_most_urgent_comes_first(service: Service) -> None:
    draft = Service.objects.get(public_id="gr-athens-legal-2")
    Service.objects.filter(pk=draft.pk).update(status="draft")
    urgent = Service.objects.filter(categories__urgent=True, status="published").first()
    calm = Service.objects.filter(status="published").exclude(categories__urgent=True).exclude(urgency="emergency")[:2]
    assert urgent is not None and len(calm) == 2
    ServiceText.objects.filter(service=calm[1], lang="fr").delete()
    for one in (urgent, calm[0]):
        one.source_changed()
    chosen = Service.objects.filter(pk__in=[draft.pk, urgent.pk, calm[0].pk, calm[1].pk])
    order = [row.pk for row in worklist(SERVICE, chosen, "fr", OPEN)]
    assert order == [urgent.pk, calm[1].pk, calm[0].pk, draft.pk], "published, urgent, missing before outdated"


# --- what has changed in the source ---


def test_word_differences() -> None:
    assert word_diff("Open on Monday.", "Open on Tuesday.") == [
        ("same", "Open on "),
        ("gone", "Monday"),
        ("new", "Tuesday"),
        ("same", "."),
    ]
    assert word_diff("One two three.", "Quite other words") == [
        ("gone", "One two three."),
        ("new", "Quite other words"),
    ]
    assert word_diff("", "new") == [("new", "new")] and word_diff("a b", "a b") == [("same", "a b")]


def test_the_editor_shows_what_has_changed_since(service: Service) -> None:
    source = service.texts.get(lang="en")
    old = source.short_text
    assert changed_fields(pair(SERVICE, service, "fr")) == {}
    service.source_changed()
    source.short_text = "Something else."
    source.written_by(None, service.version)
    source.save()
    found = changed_fields(pair(SERVICE, service, "fr"))
    assert found is not None and set(found) == {"short_text"}
    assert "".join(words for operation, words in found["short_text"] if operation != "new") == old
    assert "".join(words for operation, words in found["short_text"] if operation != "gone") == "Something else."
    source.history.all().delete()
    assert source_at(SERVICE, source, 1) is None and changed_fields(pair(SERVICE, service, "fr")) is None


# --- checks ---

NAME, SHORT, LONG = SERVICE.fields[0], SERVICE.fields[1], SERVICE.fields[2]
CHECKS: list[tuple[str, str, str, str, set[str]]] = [
    ("ar", "Open on 3 days.", "مفتوح 3 أيام.", "", set()),
    ("ar", "Open on 3 days.", "مفتوح ٣ أيام.", "", set()),
    ("ar", "Open on 3 days.", "مفتوح 4 أيام.", "numbers", set()),
    ("fr", "See https://a.example.org now.", "Voir https://a.example.org.", "links", set()),
    ("fr", "See https://a.example.org now.", "Voir https://a.example.org maintenant.", "", set()),
    ("fr", "See https://a.example.org now.", "Voir maintenant.", "links", set()),
    ("fr", "Hello {name}.", "Bonjour {nom}.", "placeholders", set()),
    ("fr", "Free advice.", "x" * 301, "long", set()),
    ("fr", "Free advice.", "", "missing", set()),
    ("fr", "", "Conseils.", "extra", set()),
    ("ar", "Free advice.", "Free advice for you", "script", set()),
    ("ar", "Free advice by Caritas.", "نصائح مجانية من Caritas.", "", {"script"}),
    ("fr", "Free advice.", "Free advice.", "", {"same"}),
    ("fr", "Call +30 210 000 0000.", "Appelez +30 210 000 0000.", "", {"facts"}),
    ("fr", "Write to a@b.example.", "Écrivez à a@b.example.", "", {"facts"}),
    ("en", "Du calme.", "You must not go to Europe.", "neutrality", set()),
    ("fr", "One line.", "Une\nligne.", "lines", set()),
]


@pytest.mark.parametrize(("lang", "source", "text", "error", "warnings"), CHECKS, ids=lambda value: str(value)[:24])
def test_checks(lang: str, source: str, text: str, error: str, warnings: set[str]) -> None:
    notes = list(check_field(SHORT, source, text, language(lang)))
    errors = {note.rule for note in notes if note.error}
    assert errors == ({error} if error else set()), notes
    if not error:
        assert {note.rule for note in notes if not note.error} == warnings
    assert all(note.text and note.field == "short_text" for note in notes)


def test_a_draft_may_be_incomplete_and_not_neutral() -> None:
    assert not list(check_field(SHORT, "Free advice.", "", language("fr"), strict=False))
    notes = list(check_field(SHORT, "Calm.", "You must not go to Europe.", language("en"), strict=False))
    assert notes and not any(note.error for note in notes)
    same = list(check_field(NAME, "Caritas Athens", "Caritas Athens", language("ar")))
    assert same == [], "a name may stay in its own script"


def test_sample_translations_pass_the_checks(db: None) -> None:
    refused = []
    for kind in KINDS.values():
        for text in kind.text.objects.exclude(lang="en").select_related(kind.name):
            record = getattr(text, kind.name)
            source = kind.text.objects.get(**{kind.name: record, "lang": "en"})
            notes = check_words(kind, kind.wording(source), kind.wording(text), language(text.lang))
            refused += [(record.public_id, text.lang, note.field, note.text) for note in notes if note.error]
    assert len(refused) <= 5, refused[:10]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  a  \r\n b\t", "a\n b"),
        ("\u202bسلام\u202c\u200f", "سلام"),
        ("می\u200cشود", "می\u200cشود"),
        ("e\u0301", "é"),
        ("a\x00b\ufeff", "ab"),
    ],
)
def test_invisible_marks_are_taken_out(typed: str, kept: str) -> None:
    assert clean(typed) == kept


def test_the_glossary_finds_the_terms_of_a_text() -> None:
    assert len(terms("ar")) > 10 and terms("xx") == ()
    found = {term.english.split(" ")[0] for term in terms_in("A lawyer helps with asylum.", "ar")}
    assert {"asylum", "lawyer"} <= found and "detention" not in found


# --- who ---

WHO = [
    ("translator", ("fr",), "fr", True),
    ("translator", ("ar",), "fr", False),
    ("translator", (), "fr", False),
    ("reviewer", ("fr",), "fr", True),
    ("reviewer", (), "fr", False),
    ("administrator", (), "fr", True),
    ("partner", ("fr",), "fr", False),
]


@pytest.mark.parametrize(("role", "languages", "lang", "may"), WHO)
def test_who_translates(service: Service, role: str, languages: tuple[str, ...], lang: str, may: bool) -> None:
    assert may_translate(person("somebody", role, languages), SERVICE, service, lang) is may


def test_a_partner_translates_their_own_services_only(client: Client, service: Service) -> None:
    user = person("partner", "partner", ("fr",))
    client.force_login(user)
    assert client.get(address(service)).status_code == 404
    user.membership_set.create(organisation=service.organisation, role="editor")
    user = User.objects.get(pk=user.pk)
    assert may_translate(user, SERVICE, service, "fr")
    assert client.get(address(service)).status_code == 200
    other = Service.objects.exclude(organisation=service.organisation).first()
    assert other is not None and client.get(address(other)).status_code == 404


def test_languages_of_an_administrator_are_all_unless_some_are_noted(db: None) -> None:
    assert languages_of(person("a", "administrator", ())) == [known.code for known in served()]
    assert languages_of(person("b", "administrator", ("ti", "ar"))) == ["ar", "ti"]


PAGES = ["translations:coverage", "translations:csv", "translations:import", "translations:work", "translations:export"]


@pytest.mark.parametrize("name", PAGES)
def test_pages_want_staff(client: Client, db: None, name: str) -> None:
    url = reverse(name, args=["fr"] if name.endswith(("work", "export")) else [])
    assert client.get(url).status_code == 302
    client.force_login(User.objects.create_user("outsider", password="a long pass phrase"))
    assert client.get(url).status_code == 302
    client.force_login(User.objects.create_user("bare", password="a long pass phrase", is_staff=True))
    assert client.get(url).status_code == 403
    client.force_login(person("amina"))
    assert client.get(url).status_code == 200


# --- the editor ---


def test_from_a_translator_to_the_people(
    client: Client, service: Service, amina: User, bruno: User, published: Callable[..., sqlite3.Connection]
) -> None:
    live = service.texts.get(lang="fr").short_text
    client.force_login(amina)
    answer = post(client, service, "send", short_text="Des conseils gratuits et clairs.")
    assert answer.status_code == 302
    draft = TextDraft.objects.get(service=service)
    assert (draft.state, draft.author) == ("needs_review", amina)
    query = "SELECT short_text, state FROM service_text WHERE service_id = ? AND lang = 'fr'"
    assert published().execute(query, [service.public_id]).fetchone()[0] == live, "nothing goes live unread"
    assert post(client, service, "approve").status_code == 403, "not by the translator"
    client.force_login(bruno)
    assert post(client, service, "approve").status_code == 302
    text = service.texts.get(lang="fr")
    assert (text.state, text.translator, text.reviewed_by) == ("approved", amina, bruno)
    assert not TextDraft.objects.exists()
    assert tuple(published().execute(query, [service.public_id]).fetchone()) == (
        "Des conseils gratuits et clairs.",
        "approved",
    )


def test_a_draft_keeps_everything_and_sending_refuses_errors(client: Client, service: Service, amina: User) -> None:
    client.force_login(amina)
    page = post(client, service, "send", short_text="Ouvert 17 jours sur 20.")
    assert page.status_code == 422
    text = page.content.decode()
    assert "Ouvert 17 jours sur 20." in text and "Not in the source: 17, 20." in text and "Saved as a draft" in text
    draft = TextDraft.objects.get(service=service)
    assert (draft.state, draft.wording["short_text"]) == ("draft", "Ouvert 17 jours sur 20.")


def test_a_reviewer_corrects_sends_back_or_finds_errors(
    client: Client, service: Service, amina: User, bruno: User
) -> None:
    client.force_login(amina)
    post(client, service, "send", short_text="Des conseils gratuit.")
    client.force_login(bruno)
    assert post(client, service, "approve", short_text="Des conseils 99 fois gratuits.").status_code == 422
    assert post(client, service, "back", note="Le pluriel !").status_code == 302
    draft = TextDraft.objects.get()
    assert (draft.state, draft.note, draft.author) == ("draft", "Le pluriel !", amina)
    client.force_login(amina)
    assert "Le pluriel !" in client.get(address(service)).content.decode()
    post(client, service, "send")
    client.force_login(bruno)
    assert post(client, service, "approve", short_text="Des conseils gratuits.").status_code == 302
    assert service.texts.get(lang="fr").short_text == "Des conseils gratuits."
    assert TextDraft.history.filter(service=service).count() >= 4


def test_nobody_puts_own_words_live_alone(client: Client, service: Service, bruno: User) -> None:
    """A live text without a known author may be approved as it is, not rewritten and approved in one step."""
    client.force_login(bruno)
    service.texts.filter(lang="fr").update(state="needs_review", translator=None)
    page = post(client, service, "approve", short_text="Mes propres mots.")
    assert page.status_code == 422 and "somebody else approves" in page.content.decode()
    assert post(client, service, "approve").status_code == 302
    assert service.texts.get(lang="fr").state == "approved"


def test_an_unneutral_sentence_is_shown_and_never_approved(
    client: Client, amina: User, bruno: User, service: Service
) -> None:
    client.force_login(amina)
    words = "Vous devez rester dans votre pays."
    assert post(client, service, "send", short_text=words).status_code == 302
    client.force_login(bruno)
    page = post(client, service, "approve")
    assert page.status_code == 422 and "Not neutral" in page.content.decode()
    assert service.texts.get(lang="fr").short_text != words


def test_an_outdated_text_that_is_still_right_is_confirmed(client: Client, service: Service, bruno: User) -> None:
    service.texts.filter(lang="fr").update(state="approved")
    service.source_changed()
    assert pair(SERVICE, service, "fr").state == "outdated"
    client.force_login(bruno)
    assert post(client, service, "approve").status_code == 302
    assert pair(SERVICE, service, "fr").state == "approved"


def test_a_source_that_changes_meanwhile_leaves_the_translation_behind(
    client: Client, service: Service, amina: User
) -> None:
    client.force_login(amina)
    page = client.get(address(service))
    service.source_changed()
    data = dict(page.context["form"].initial) | {
        "token": page.context["token"],
        "seen": page.context["seen"],
        "action": "send",
    }
    assert client.post(address(service), data | {"short_text": "Autre."}).status_code == 302
    assert TextDraft.objects.get().source_version == 1 and service.version == 2
    page = client.get(address(service))
    assert client.post(address(service), data | {"token": page.context["token"], "seen": "999"}).status_code == 302
    assert TextDraft.objects.get().source_version == 2, "never ahead of the source"


def test_somebody_was_quicker(client: Client, service: Service, amina: User, bruno: User) -> None:
    client.force_login(amina)
    stale = client.get(address(service))
    data = dict(stale.context["form"].initial) | {"token": stale.context["token"], "seen": "1", "action": "save"}
    editing.save_draft(
        pair(SERVICE, service, "fr"),
        bruno,
        data | {"short_text": "Celui de Bruno."},
        token=stale.context["token"],
        seen=1,
    )
    page = client.post(address(service), data | {"short_text": "Celle d'Amina."})
    text = page.content.decode()
    assert page.status_code == 409 and "Celle d&#x27;Amina." in text and "Bruno" in text
    assert TextDraft.objects.get().wording["short_text"] == "Celui de Bruno.", "nothing was overwritten"
    again = data | {"short_text": "Celle d'Amina.", "token": page.context["token"]}
    assert client.post(address(service), again).status_code == 302
    assert TextDraft.objects.get().wording["short_text"] == "Celle d'Amina."
    kept = {row.wording["short_text"] for row in TextDraft.history.filter(service=service)}
    assert {"Celui de Bruno.", "Celle d'Amina."} <= kept, "theirs stays in the history"


def test_a_live_text_that_was_changed_meanwhile_is_not_undone_unseen(
    client: Client, service: Service, amina: User, bruno: User
) -> None:
    client.force_login(amina)
    post(client, service, "send", short_text="Celle d'Amina.")
    client.force_login(bruno)
    stale = client.get(address(service))
    assert "was changed after this draft" not in stale.content.decode()
    live = service.texts.get(lang="fr")
    live.short_text = "Corrigé dans l'annuaire."
    live.save()
    data = dict(stale.context["form"].initial) | {"token": stale.context["token"], "seen": "1", "action": "approve"}
    changed = dict(data) | {"short_text": "Celle d'Amina, corrigée."}
    assert client.post(address(service), changed).status_code == 409
    assert client.post(address(service), data).status_code == 409
    page = client.get(address(service)).content.decode()
    assert "was changed after this draft" in page and "Corrigé dans l&#x27;annuaire." in page
    assert service.texts.get(lang="fr").short_text == "Corrigé dans l'annuaire."
    assert post(client, service, "approve").status_code == 302
    assert service.texts.get(lang="fr").short_text == "Celle d'Amina."


def test_throwing_a_draft_away_keeps_the_live_text(client: Client, service: Service, amina: User) -> None:
    client.force_login(amina)
    live = SERVICE.wording(service.texts.get(lang="fr"))
    post(client, service, "save", short_text="Un essai.")
    assert post(client, service, "discard").status_code == 302
    assert not TextDraft.objects.exists() and SERVICE.wording(service.texts.get(lang="fr")) == live


def test_after_sending_comes_the_next_of_the_list(client: Client, service: Service, amina: User) -> None:
    client.force_login(amina)
    ids = [row.public_id for row in worklist(SERVICE, Service.objects.filter(status__in=SERVICE.live), "fr", STATES)]
    at = ids.index(service.public_id)
    url = address(service) + "?state=all"
    page = client.get(url)
    assert page.context["after"].startswith(address(Service.objects.get(public_id=ids[at + 1])))
    assert page.context["before"].startswith(address(Service.objects.get(public_id=ids[at - 1])))
    data = dict(page.context["form"].initial) | {"token": page.context["token"], "seen": "1", "action": "send"}
    answer = client.post(url, data)
    assert answer.status_code == 302 and ids[at + 1] in answer["Location"] and answer["Location"].endswith("?state=all")


def test_directions_languages_and_limits_of_the_fields(client: Client, service: Service, amina: User) -> None:
    client.force_login(amina)
    page = client.get(address(service, "ar")).content.decode()
    assert 'lang="ar"' in page and 'dir="rtl"' in page and 'data-limit="300"' in page and 'dir="ltr"' in page
    assert "/ 300 · SMS:" in page


def test_articles_are_translated_too(client: Client, amina: User, bruno: User, db: None) -> None:
    article = Article.objects.filter(status="published").first()
    assert article is not None
    article.texts.filter(lang="fr").delete()
    client.force_login(amina)
    source = article.texts.get(lang="en")
    digits = " ".join(word for word in source.body.split() if any(c.isdigit() for c in word))
    assert post(client, article, "send", title="Vos droits", body=f"Vos droits en bref. {digits}").status_code in (
        302,
        422,
    )
    draft = TextDraft.objects.get(article=article)
    assert draft.wording["title"] == "Vos droits" and draft.service is None


@pytest.mark.parametrize(
    "path",
    [
        "xx/service/gr-athens-legal-1/",
        "fr/user/gr-athens-legal-1/",
        "fr/service/none/",
        "en/service/gr-athens-legal-1/",
    ],
)
def test_what_does_not_exist_is_not_found(client: Client, amina: User, path: str) -> None:
    client.force_login(amina)
    assert client.get(reverse("translations:coverage") + path).status_code == 404


# --- coverage and list pages ---


def test_every_number_leads_to_its_list(client: Client, amina: User) -> None:
    client.force_login(amina)
    page = client.get(reverse("translations:coverage"))
    cells = [
        (cell, line)
        for table in page.context["tables"]
        for line in table["lines"]
        for cell in line["cells"]
        if cell["count"]
    ]
    assert len(cells) > 5
    for cell, _line in cells[:6] + cells[-6:]:
        assert client.get(cell["url"]).context["page"].paginator.count == cell["count"]


def test_filters_of_region_and_organisation(client: Client, amina: User, service: Service) -> None:
    client.force_login(amina)
    region, organisation = service.region, service.organisation
    assert region is not None
    live = Service.objects.filter(status__in=SERVICE.live)
    for name, value, expected in (
        ("region", region.pk, live.filter(region=region)),
        ("organisation", organisation.name, live.filter(organisation__name__icontains=organisation.name)),
        ("region", "nonsense", live),
    ):
        rows = list(
            csv.DictReader(client.get(reverse("translations:csv"), {name: value}).content.decode().splitlines())
        )
        (arabic,) = [row for row in rows if (row["kind"], row["language"]) == ("service", "ar")]
        assert int(arabic["total"]) == expected.count()
    assert Organisation.objects.count() > 1


def test_the_list_says_what_is_begun(client: Client, amina: User, service: Service) -> None:
    client.force_login(amina)
    service.source_changed()
    waiting(service, "draft")
    page = client.get(reverse("translations:work", args=["fr"]), {"state": "outdated"})
    assert "a draft was begun" in page.content.decode()


# --- what the bot gets ---


def test_an_outdated_text_goes_out_with_todays_facts_and_a_warning(
    service: Service, published: Callable[..., sqlite3.Connection], settings: Any
) -> None:
    service.texts.filter(lang="fr").update(state="approved")
    service.source_changed()
    contact = service.contacts.get(kind="phone")
    contact.value = "+441632960999"
    contact.save()
    published()
    record = Directory(settings.SNAPSHOT).service(service.public_id)
    assert record is not None
    now = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
    found = card(record, "fr", now=now)
    assert found.phones == ("+441632960999",) and found.name == service.texts.get(lang="fr").name
    shown = "\n".join(line.text for line in lines(found, Reader("fr", "web", "GR", None, now), details=True))
    assert "Ce texte n'est peut-être plus à jour." in shown and "960999" in shown.replace(" ", "")
    english = card(record, "en", now=now)
    assert english.text_state == "approved", "the source itself is never out of date"


@pytest.mark.parametrize(("allowed", "served_text"), [(True, True), (False, False)])
def test_machine_texts_go_out_only_where_they_are_allowed(
    service: Service, published: Callable[..., sqlite3.Connection], settings: Any, allowed: bool, served_text: bool
) -> None:
    settings.MACHINE_TEXTS = allowed
    service.texts.filter(lang="fr").update(state="machine")
    query = "SELECT state FROM service_text WHERE service_id = ? AND lang = 'fr'"
    rows = [row[0] for row in published().execute(query, [service.public_id])]
    assert rows == (["machine"] if served_text else [])
    article = Article.objects.filter(status="published").first()
    assert article is not None
    article.texts.update(state="machine")
    count = published().execute("SELECT count(*) FROM article WHERE id = ?", [article.public_id]).fetchone()[0]
    assert count == int(allowed), "an article without a text that may go out stays at home"


def test_a_machine_text_behind_its_source_is_still_called_a_machine_text() -> None:
    text = ServiceText(lang="fr", state=TranslatedText.State.MACHINE, source_version=1)
    assert (text.public_state(1), text.public_state(2)) == ("machine", "machine_outdated")
    text.state = TranslatedText.State.APPROVED
    assert (text.public_state(1), text.public_state(2)) == ("approved", "outdated")


def test_approving_needs_the_language_and_another_person(service: Service, amina: User, bruno: User) -> None:
    waiting(service, "needs_review")
    TextDraft.objects.update(author=amina)
    found = pair(SERVICE, service, "fr")
    assert may_approve(bruno, found) and not may_approve(amina, found)
    assert not may_approve(person("carla", languages=("ar",)), found)
    assert may_approve(person("rita", "reviewer"), found)
