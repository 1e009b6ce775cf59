"""XLIFF files: what is written comes back the same, what has changed meanwhile is refused, and no hostile file is read."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from lxml import etree

from bot.languages import language
from directory.models import Service, TextDraft, TranslationFile, User
from directory.translations import interchange, xliff
from directory.translations.kinds import KINDS, hash_of

SERVICE, ARTICLE = KINDS["service"], KINDS["article"]
LAUGHS = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">
<file source-language="en" target-language="fr" original="x" datatype="plaintext"><body><trans-unit id="1">
<source>&c;</source><target>&c;</target></trans-unit></body></file></xliff>"""
OUTSIDE = LAUGHS.replace('<!ENTITY a "ha">', '<!ENTITY a SYSTEM "file:///etc/hostname">')
ONE = """<?xml version="1.0"?><xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">
<file source-language="en" target-language="{}" original="x" datatype="plaintext"><body/></file></xliff>"""


@pytest.fixture
def translator(db: None) -> User:
    user = User.objects.create_user("amina", password="a long pass phrase", is_staff=True, languages=["ar", "fr"])
    user.groups.set(Group.objects.filter(name="translator"))
    return user


def exported(service: Service, lang: str = "fr", version: str = "1.2") -> bytes:
    found = Service.objects.filter(pk=service.pk)
    return xliff.write(interchange.outgoing(SERVICE, found, language(lang)), version)


def changed(content: bytes, **targets: str) -> bytes:
    """The file with other translations, by field; made as a translation program does."""
    file = xliff.read(content)
    units = [
        xliff.Unit(u.id, u.source, targets.get(u.id.rsplit(".", 1)[1], u.target), u.limit, u.approved, u.notes, u.facts)
        for u in file.units
    ]
    return xliff.write(xliff.File(file.source_language, file.target_language, units))


def statuses(report: interchange.Report) -> dict[str, str]:
    return {outcome.unit.rsplit(".", 1)[1]: outcome.status for outcome in report.outcomes}


# --- the files themselves ---


@pytest.mark.parametrize("version", xliff.VERSIONS)
@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
@pytest.mark.parametrize("lang", ["ar", "ti", "fr"])
def test_what_is_written_comes_back_without_a_difference(db: None, version: str, kind: Any, lang: str) -> None:
    file = interchange.outgoing(kind, kind.record.objects.order_by("pk")[:30], language(lang))
    back = xliff.read(xliff.write(file, version))
    assert (back.source_language, back.target_language) == ("en", lang)
    assert len(back.units) == len(file.units) > 10
    for ours, theirs in zip(file.units, back.units, strict=True):
        assert (theirs.id, theirs.source, theirs.target) == (ours.id, ours.source, ours.target)
        assert theirs.facts == ours.facts
        if version == "1.2":
            assert theirs.limit == ours.limit


@pytest.mark.parametrize("version", xliff.VERSIONS)
@pytest.mark.parametrize(
    "text",
    ["a & b < c", "two\nlines\n\nand more", "  spaces  inside  ", "سلام “quoted” 12", "ጽሑፍ፦ ሓደ።", "]]> &amp; <b>x</b>"],
)
def test_every_character_survives(version: str, text: str) -> None:
    unit = xliff.Unit("service.x.y", text, text, 10, False, ("a note",), {"version": "3", "base": "ab"})
    (back,) = xliff.read(xliff.write(xliff.File("en", "ar", [unit]), version)).units
    assert back.target == text


def test_the_files_have_the_form_of_the_standard(service: Service) -> None:
    one, two = (etree.fromstring(exported(service, version=version)) for version in xliff.VERSIONS)
    assert one.get("version") == "1.2" and {etree.QName(e).namespace for e in one.iter("*")} == {
        "urn:oasis:names:tc:xliff:document:1.2"
    }
    for unit in one.iter("{*}trans-unit"):
        assert [etree.QName(e).localname for e in unit][:2] == ["source", "target"]
        assert unit.get("size-unit") == "char" and int(unit.get("maxwidth") or 0) >= 120
    assert two.get("version") == "2.0" and (two.get("srcLang"), two.get("trgLang")) == ("en", "fr")
    for unit in two.iter("{*}unit"):
        assert [etree.QName(e).localname for e in unit] == ["notes", "segment"]


def test_segments_that_a_program_has_cut_are_joined() -> None:
    content = b"""<xliff version="2.0" xmlns="urn:oasis:names:tc:xliff:document:2.0" srcLang="en" trgLang="fr"><file id="f">
    <unit id="a"><segment><source>One.</source><target>Un.</target></segment><ignorable><source> </source></ignorable>
    <segment><source>Two.</source><target>Deux.</target></segment></unit>
    <unit id="b"><segment><source>One.</source><target>Un.</target></segment><segment><source>Two.</source></segment></unit>
    </file></xliff>"""
    assert [(unit.id, unit.target) for unit in xliff.read(content).units] == [("a", "Un. Deux."), ("b", "")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (LAUGHS.encode(), "doctype"),
        (LAUGHS.encode("utf-16"), "doctype"),
        (OUTSIDE.encode(), "doctype"),
        (b'<!DOCTYPE xliff SYSTEM "http://example.org/x.dtd"><xliff/>', "doctype"),
        (b"<a>" * 50 + b"</a>" * 50, "deep"),
        (b"not xml", "xml"),
        (b"", "xml"),
        (b"<xliff><file>", "xml"),
        (b'<?xml version="1.0" encoding="no-such"?><xliff/>', "xml"),
        (b"<html/>", "xliff"),
        (b"<xliff/>", "xliff"),
        (b'<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"/>', "xliff"),
        (ONE.replace('target-language="{}"', "").encode(), "languages"),
        (b" " * (xliff.MOST_BYTES + 1), "large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hostile_and_broken_files_are_not_read(content: bytes, reason: str) -> None:
    with pytest.raises(xliff.BadFile) as caught:
        xliff.read(content)
    assert caught.value.reason == reason
    assert reason in interchange.REASONS


# --- the dry run ---


def test_an_untouched_file_changes_nothing(service: Service, translator: User) -> None:
    for lang in ("fr", "ar"):
        before = service.texts.get(lang=lang).history.count()
        report, sent, kept = interchange.apply(translator, exported(service, lang))
        assert set(statuses(report).values()) <= {"unchanged", "empty"} and (sent, kept) == (0, 0)
        assert service.texts.get(lang=lang).history.count() == before
    assert not TextDraft.objects.exists()


def test_new_words_wait_for_review_and_the_live_text_stays(service: Service, translator: User) -> None:
    live = SERVICE.wording(service.texts.get(lang="fr"))
    report, sent, kept = interchange.apply(
        translator, changed(exported(service), short_text="Des conseils gratuits et clairs.")
    )
    assert statuses(report)["short_text"] == "changed" and (sent, kept) == (1, 0)
    draft = TextDraft.objects.get(service=service, lang="fr")
    assert (draft.state, draft.author) == ("needs_review", translator)
    assert draft.wording == live | {"short_text": "Des conseils gratuits et clairs."}
    assert SERVICE.wording(service.texts.get(lang="fr")) == live


def test_a_missing_translation_is_new_and_an_incomplete_one_a_draft(service: Service, translator: User) -> None:
    service.texts.filter(lang="fr").delete()
    content = exported(service)
    assert set(statuses(interchange.dry_run(translator, content)).values()) == {"empty"}
    content = changed(content, name="Conseil juridique")
    assert statuses(interchange.dry_run(translator, content))["name"] == "new"
    assert interchange.apply(translator, content)[1:] == (0, 1)
    assert TextDraft.objects.get(service=service).state == "draft"


REFUSALS: list[tuple[str, Callable[[Service], Any], dict[str, str], str]] = [
    ("other numbers", lambda s: None, {"short_text": "Ouvert 17 jours."}, "numbers"),
    ("other links", lambda s: None, {"short_text": "Voir https://evil.example.org"}, "links"),
    ("placeholders", lambda s: None, {"short_text": "Bonjour {name}."}, "braces"),
    ("too long", lambda s: None, {"short_text": "très " * 80}, "at most 300"),
    ("wrong script", lambda s: None, {"short_text": "مساعدة قانونية مجانية"}, "script of French"),
    ("the source has changed", lambda s: (s.texts.filter(lang="en").update(short_text="Other."), s.source_changed()), {"short_text": "Autre."}, "Export it again"),
    ("somebody was quicker", lambda s: s.texts.filter(lang="fr").update(short_text="Plus vite."), {"short_text": "Autre."}, "Somebody has changed"),
    ("not published any more", lambda s: Service.objects.filter(pk=s.pk).update(status="archived"), {"short_text": "Autre."}, "no such text"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("meanwhile", "targets", "reason"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_refused_with_a_reason(
    service: Service, translator: User, meanwhile: Callable[[Service], Any], targets: dict[str, str], reason: str
) -> None:
    content = changed(exported(service), **targets)
    meanwhile(service)
    report, sent, kept = interchange.apply(translator, content)
    refused = [outcome for outcome in report.outcomes if outcome.unit.endswith(".short_text")]
    assert [outcome.status for outcome in refused] == ["refused"] and reason in refused[0].reason
    assert (sent, kept) == (0, 0) and not TextDraft.objects.exists()


@pytest.mark.parametrize(
    "identifier",
    ["x", "service.00000000-0000-4000-8000-000000000000.name", "service.{uuid}.sample", "user.{uuid}.name"],
)
def test_unknown_ids_are_refused(service: Service, translator: User, identifier: str) -> None:
    unit = xliff.Unit(identifier.format(uuid=service.uuid), "x", "y")
    report = interchange.dry_run(translator, xliff.write(xliff.File("en", "fr", [unit])))
    assert [outcome.status for outcome in report.outcomes] == ["refused"]


def test_twice_in_one_file_and_languages_of_others_are_refused(service: Service, translator: User) -> None:
    file = xliff.read(changed(exported(service), short_text="Autre."))
    twice = xliff.write(xliff.File("en", "fr", [*file.units, *file.units]))
    assert interchange.dry_run(translator, twice).count("refused") == len(file.units)
    translator.languages = ["ar"]
    report = interchange.dry_run(translator, xliff.write(file))
    assert statuses(report)["short_text"] == "refused"


def test_a_file_without_our_notes_overwrites_nothing(service: Service, translator: User) -> None:
    units = [
        xliff.Unit(u.id, u.source, "Autre.") for u in xliff.read(exported(service)).units if u.id.endswith("short_text")
    ]
    content = xliff.write(xliff.File("en", "fr", units))
    assert statuses(interchange.dry_run(translator, content)) == {"short_text": "refused"}
    service.texts.filter(lang="fr").delete()
    assert statuses(interchange.dry_run(translator, content)) == {"short_text": "new"}


def test_a_minor_correction_of_the_source_refuses_nothing(service: Service, translator: User) -> None:
    content = changed(exported(service), short_text="Autre.")
    service.texts.filter(lang="en").update(short_text="The same, well spelt.")
    assert statuses(interchange.dry_run(translator, content))["short_text"] == "changed"


def test_an_outdated_text_is_confirmed_by_approving_it_in_the_program(service: Service, translator: User) -> None:
    service.source_changed()
    content = exported(service)
    assert set(statuses(interchange.dry_run(translator, content)).values()) <= {"unchanged"}
    file = xliff.read(content)
    units = [xliff.Unit(u.id, u.source, u.target, u.limit, True, u.notes, u.facts) for u in file.units]
    _report, sent, _kept = interchange.apply(translator, xliff.write(xliff.File("en", "fr", units)))
    assert sent == 1 and TextDraft.objects.get().source_version == service.version


def test_the_language_tags_of_other_programs(service: Service) -> None:
    for tag, code in {"fa-AF": "prs", "kmr": "ku", "ar-EG": "ar", "pt_BR": "pt"}.items():
        assert interchange.dry_run(None, ONE.format(tag).encode()).language.code == code
    with pytest.raises(xliff.BadFile, match="target"):
        interchange.dry_run(None, ONE.format("de").encode())


# --- pages and commands ---


def test_out_and_in_through_the_pages(client: Client, service: Service, translator: User) -> None:
    client.force_login(translator)
    answer = client.get(reverse("translations:export", args=["fr"]), {"state": "all"})
    assert answer.status_code == 200 and "waypost-service-fr-" in answer["Content-Disposition"]
    assert f"service.{service.uuid}.name" in {unit.id for unit in xliff.read(answer.content).units}
    content = changed(exported(service), short_text="Des conseils gratuits.")
    page = client.post(reverse("translations:import"), {"file": SimpleUploadedFile("x.xlf", content)})
    assert page.status_code == 200 and "<ins>" in page.content.decode()
    assert not TextDraft.objects.exists(), "a dry run changes nothing"
    done = client.post(
        reverse("translations:import"), {"apply": "1", "file": TranslationFile.objects.get().pk}, follow=True
    )
    assert "1 entries were sent to review" in done.content.decode()
    assert TextDraft.objects.get().wording["short_text"] == "Des conseils gratuits."
    assert not TranslationFile.objects.exists()


def test_a_bad_upload_is_explained_beside_the_field(client: Client, translator: User) -> None:
    client.force_login(translator)
    page = client.post(reverse("translations:import"), {"file": SimpleUploadedFile("x.xlf", LAUGHS.encode())})
    assert page.status_code == 422 and "document type" in page.content.decode()
    assert (
        client.post(
            reverse("translations:import"), {"file": SimpleUploadedFile("x.xlf", b" " * (xliff.MOST_BYTES + 1))}
        ).status_code
        == 422
    )
    assert not TranslationFile.objects.exists()


def test_nobody_applies_the_file_of_somebody_else(client: Client, service: Service, translator: User) -> None:
    other = User.objects.create_user("other", password="a long pass phrase", is_staff=True)
    file = TranslationFile.objects.create(name="x", content=changed(exported(service), short_text="Autre."), user=other)
    client.force_login(translator)
    assert client.post(reverse("translations:import"), {"apply": "1", "file": file.pk}).status_code == 404


def test_the_commands(service: Service, translator: User, tmp_path: Path) -> None:
    out, file = StringIO(), tmp_path / "fr.xlf"
    call_command("exportxliff", "fr", state="all", xliff="2.0", out=file, stdout=out)
    assert "texts" in out.getvalue() and file.read_bytes().count(b"<unit ") > 100
    call_command("importxliff", file, stdout=out)
    assert "0 new, 0 changed" in out.getvalue() and "--apply" in out.getvalue()
    file.write_bytes(changed(exported(service), short_text="Des conseils gratuits."))
    call_command("importxliff", file, apply=True, user="amina", stdout=out)
    assert TextDraft.objects.get().author == translator
    file.write_text(LAUGHS)
    for arguments in ((file,), (tmp_path / "none.xlf",)):
        with pytest.raises(CommandError):
            call_command("importxliff", *arguments, stdout=out)
    with pytest.raises(CommandError, match="no such user"):
        call_command("importxliff", file, user="nobody")
    with pytest.raises(CommandError, match="not a language"):
        call_command("exportxliff", "xx")


def test_fingerprints_tell_wordings_apart() -> None:
    assert hash_of({"a": "x", "b": ""}) != hash_of({"a": "", "b": "x"})
