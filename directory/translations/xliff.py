"""XLIFF 1.2 and 2.0 files: units of text with ids that stay, written and read through translate-toolkit.

A unit is one field of one record: `service.<uuid>.<field>`. Its notes carry the limit and the context for people, and for the
way back the version of the source (`version`) and a fingerprint of the wording at that moment (`base`). Files from outside are
untrusted: no document type, so no entities, neither "billion laughs" nor external ones; a size and a number of units at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from xml.parsers import expat

from lxml import etree  # type: ignore[import-untyped]
from translate.storage.xliff import Xliff1File, Xliff1Unit
from translate.storage.xliff2 import Xliff2File, Xliff2Unit

__all__ = ["MOST_BYTES", "MOST_UNITS", "VERSIONS", "BadFile", "File", "Unit", "read", "write"]

MOST_BYTES = 8_000_000
MOST_UNITS = 50_000
MOST_DEPTH = 40
_ONE, _TWO = "urn:oasis:names:tc:xliff:document:1.", "urn:oasis:names:tc:xliff:document:2."
VERSIONS = ("1.2", "2.0")
_OURS = "waypost"
"""Origin (1.2) or category (2.0) of our notes begins with it."""


class BadFile(Exception):
    """A file that is not read at all; the message says why, in English, for the caller to explain."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Unit:
    """One text of a file."""

    id: str
    source: str
    target: str = ""
    limit: int = 0
    """Most characters of the target; 0 if it is not said."""
    approved: bool = False
    notes: Sequence[str] = ()
    """For the translator."""
    facts: dict[str, str] = field(default_factory=dict)
    """For the way back: `version`, `base`."""


@dataclass(frozen=True)
class File:
    """A whole file: one pair of languages, as tags of the file."""

    source_language: str
    target_language: str
    units: Sequence[Unit]


class _Unit12(Xliff1Unit):  # type: ignore[misc]
    namespace = _ONE + "2"


class _File12(Xliff1File):  # type: ignore[misc]
    """The toolkit writes 1.1 by itself; 1.2 is what translation programs expect."""

    UnitClass = _Unit12
    namespace = _ONE + "2"
    XMLskeleton = (
        '<?xml version="1.0" ?><xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">'
        '<file original="waypost" source-language="en" datatype="plaintext"><body></body></file></xliff>'
    )


def write(file: File, version: str = "1.2") -> bytes:
    """The file in XLIFF 1.2 or 2.0. Raises ValueError for another version."""
    if version not in VERSIONS:
        raise ValueError(f"XLIFF {version}: only {' and '.join(VERSIONS)} are written")
    two = version == "2.0"
    store: Any = (Xliff2File if two else _File12)(
        sourcelanguage=file.source_language, targetlanguage=file.target_language
    )
    for unit in file.units:
        (_add_two if two else _add_one)(store, unit)
    out = BytesIO()
    store.serialize(out)
    return out.getvalue()


def _add_one(store: Any, unit: Unit) -> None:
    made = _Unit12(unit.source)
    made.setid(unit.id)
    store.addunit(made)
    if unit.target:
        made.target = unit.target
        made.markapproved(unit.approved)
        state = "final" if unit.approved else "needs-review-translation"
        made.target_dom.set("state", state)
    if unit.limit:
        made.xmlelement.set("maxwidth", str(unit.limit))
        made.xmlelement.set("size-unit", "char")
    for note in unit.notes:
        made.addnote(note, origin="developer")
    for name, value in unit.facts.items():
        made.addnote(value, origin=f"{_OURS}-{name}")


def _add_two(store: Any, unit: Unit) -> None:
    """Notes belong before the segment of a unit; the toolkit would put them inside it, where the standard has none."""
    made = Xliff2Unit(unit.source)
    made.setid(unit.id)
    store.addunit(made)
    if unit.target:
        made.target = unit.target
        made.xmlelement.set("state", "final" if unit.approved else "translated")
    element = made.getunitelement()
    notes = etree.Element(store.namespaced("notes"))
    for note in unit.notes:
        etree.SubElement(notes, store.namespaced("note"), category="developer").text = note
    for name, value in unit.facts.items():
        etree.SubElement(notes, store.namespaced("note"), category=f"{_OURS}-{name}").text = value
    if len(notes):
        element.insert(0, notes)


def _guard(content: bytes) -> None:
    """Raises BadFile for what an XML parser must not even be shown. Expat stops at the document type, before any entity."""
    if len(content) > MOST_BYTES:
        raise BadFile("large")
    parser, depth = expat.ParserCreate(), 0

    def doctype(*found: Any) -> None:
        raise BadFile("doctype")

    def opened(*found: Any) -> None:
        nonlocal depth
        depth += 1
        if depth > MOST_DEPTH:
            raise BadFile("deep")

    def closed(*found: Any) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = doctype
    parser.StartElementHandler, parser.EndElementHandler = opened, closed
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise BadFile("xml") from error


def read(content: bytes) -> File:
    """The texts of an XLIFF file, 1.0 to 1.2 or 2.x. Raises BadFile with large, doctype, deep, xml, xliff, languages or units."""
    _guard(content)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise BadFile("xml") from error
    try:
        namespace = etree.QName(root).namespace or ""
    except ValueError as error:  # a } in the name
        raise BadFile("xliff") from error
    if etree.QName(root).localname != "xliff" or not namespace.startswith((_ONE, _TWO)):
        raise BadFile("xliff")
    plain = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    try:
        units = list(_read_two(plain) if namespace.startswith(_TWO) else _read_one(plain, root))
    except (
        AssertionError,
        StopIteration,
        RuntimeError,
        AttributeError,
        TypeError,
        IndexError,
        ValueError,
        KeyError,
    ) as error:
        raise BadFile("xliff") from error
    if len(units) > MOST_UNITS:
        raise BadFile("units")
    return File(*_languages(root, namespace), units)


def _languages(root: Any, namespace: str) -> tuple[str, str]:
    """Raises BadFile if the file names no pair of languages, or several."""
    if namespace.startswith(_TWO):
        pairs = {(root.get("srcLang"), root.get("trgLang"))}
    else:
        pairs = {
            (file.get("source-language"), file.get("target-language"))
            for file in root.iterchildren(f"{{{namespace}}}file")
        }
    if len(pairs) != 1:
        raise BadFile("languages")
    source, target = next(iter(pairs))
    if not source or not target:
        raise BadFile("languages")
    return str(source), str(target)


def _read_one(content: bytes, root: Any) -> Iterable[Unit]:
    store: Any = Xliff1File(BytesIO(content))
    for found in store.units:
        yield Unit(
            id=str(found.xmlelement.get("id") or ""),
            source=str(found.source or ""),
            target=str(found.target or ""),
            limit=_whole(found.xmlelement.get("maxwidth")),
            approved=bool(found.isapproved()),
            notes=tuple(found.getnotes("developer").splitlines()),
            facts={name: found.getnotes(f"{_OURS}-{name}") for name in ("version", "base")},
        )


def _read_two(content: bytes) -> Iterable[Unit]:
    """Programs may have cut a text into segments: their texts are joined again, with what lies between them."""
    store: Any = Xliff2File(BytesIO(content))
    for element in store.document.getroot().iter(store.namespaced("unit")):
        notes: dict[str, list[str]] = {}
        for note in element.iter(store.namespaced("note")):
            notes.setdefault(note.get("category") or "", []).append("".join(note.itertext()))
        segments = element.findall(store.namespaced("segment"))
        yield Unit(
            id=str(element.get("id") or ""),
            source=_joined(element, store, "source"),
            target=_joined(element, store, "target"),
            approved=bool(segments) and all(segment.get("state") == "final" for segment in segments),
            notes=tuple(notes.get("developer", ())),
            facts={name: "".join(notes.get(f"{_OURS}-{name}", ())) for name in ("version", "base")},
        )


def _joined(element: Any, store: Any, wanted: str) -> str:
    """The text of all segments of a unit; empty if one of them has none yet."""
    parts = []
    for child in element:
        kind = etree.QName(child).localname if isinstance(child.tag, str) else ""
        if kind not in ("segment", "ignorable"):
            continue
        text = child.find(store.namespaced(wanted))
        if text is None and kind == "segment":
            return ""
        text = child.find(store.namespaced("source")) if text is None else text
        parts.append("".join(text.itertext()) if text is not None else "")
    return "".join(parts)


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else 0
