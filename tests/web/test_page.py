"""The files of the web page: small, self-contained, safe under the gateway's content policy, readable, translated."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from bot.channels.web.client import PAGE, page, strings
from bot.languages import served
from bot.replies.texts import TEXTS

FILES = sorted(path for path in PAGE.iterdir() if path.is_file())
SCRIPTS = [path for path in FILES if path.suffix == ".js"]
TEMPLATE = (PAGE / "index.html").read_text(encoding="utf-8")
STYLE = (PAGE / "chat.css").read_text(encoding="utf-8")
CODE = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
NAMESPACE = "http://www.w3.org/2000/svg"


class Elements(HTMLParser):
    """All elements with their attributes and the words and labels inside them."""

    VOID = frozenset({"meta", "link", "img", "use", "path", "rect"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.labels: list[list[str]] = []
        self._open: list[int] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.labels.append([value for name, value in attrs if name in {"data-label", "data-text"} and value])
        for parent in self._open:
            self.labels[parent] += self.labels[-1]
        if tag not in self.VOID:
            self._open.append(len(self.found) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        while self._open and tag not in self.VOID:
            if self.found[self._open.pop()][0] == tag:
                break


ELEMENTS = Elements(TEMPLATE)


def elements(*tags: str) -> list[dict[str, str | None]]:
    return [attributes for tag, attributes in ELEMENTS.found if tag in tags]


def test_all_files_together_are_small() -> None:
    assert sum(path.stat().st_size for path in FILES) < 60_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_comes_from_elsewhere(path) -> None:
    text = path.read_text(encoding="utf-8").replace(NAMESPACE, "")
    assert re.findall(r"""(?:https?:)?//[\w.-]+\.[a-z]{2,}|@import|url\(""", text) == []


def test_html_has_nothing_inline() -> None:
    for tag, attributes in ELEMENTS.found:
        assert tag not in {"style", "iframe", "object", "embed", "base"}
        assert [name for name in attributes if name == "style" or name.startswith("on")] == []
        if tag == "script":
            assert attributes.get("src") or attributes.get("type") == "application/json"


def test_every_file_that_html_names_exists() -> None:
    named = [a.get("src") or a.get("href") for a in elements("script", "link", "img")]
    addresses = [address for address in named if address]
    assert "/static/chat.js" in addresses
    for address in addresses:
        assert address.startswith("/static/")
        assert (PAGE / address[len("/static/") :]).is_file()


@pytest.mark.parametrize(
    "forbidden",
    [
        r"\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write",  # texts are only ever set as text
        r"\beval\b|new Function|setTimeout\(['\"]|setAttribute\(['\"](?:style|on)",  # refused by the content policy
        r"localStorage|indexedDB|document\.cookie|serviceWorker|sendBeacon",  # nothing outlives the tab
        r"\?\.[a-z(\[]|\?\?|\bimport\b|\bexport\b|\basync\b|\bawait\b|replaceChildren|\.flat\(|\.at\(",  # old phones
    ],
)
def test_scripts_do_without(forbidden: str) -> None:
    code = re.sub(r"/\*.*?\*/|//[^\n\"']*$", "", CODE, flags=re.DOTALL | re.MULTILINE)
    assert re.findall(forbidden, code) == []


def keys_in_use() -> set[str]:
    """Names of texts that the page shows: in the template's data attributes, and in the scripts."""
    html = re.findall(r'data-(?:text|label|placeholder)="(\w+)"', TEMPLATE)
    code = re.findall(r"""\btexts\.(\w+)|\bnote: "(\w+)"|\brow\("(\w+)\"""", CODE)
    return {*html, *(name for names in code for name in names if name)}


def test_every_text_that_the_page_shows_is_in_the_catalogue() -> None:
    used = keys_in_use()
    assert {"send", "not_sent", "no_location", "you", "bot", "emergency"} <= used
    assert {f"web:{key}" for key in used} - set(TEXTS) == set()


def test_html_has_language_direction_title_and_a_live_log() -> None:
    (root,) = elements("html")
    assert (root["lang"], root["dir"]) == ("{{language}}", "{{direction}}")
    assert "<title>{{title}}</title>" in TEMPLATE
    logs = [a for a in elements("div") if a.get("role") == "log"]
    assert [a["aria-live"] for a in logs] == ["polite"]


def test_every_control_has_a_name() -> None:
    controls = [
        (attributes, labels)
        for (tag, attributes), labels in zip(ELEMENTS.found, ELEMENTS.labels)
        if tag in {"button", "select", "textarea", "summary"}
    ]
    assert len(controls) >= 6
    assert [attributes for attributes, labels in controls if not labels] == []
    assert all(image.get("alt") is not None for image in elements("img"))


@pytest.mark.parametrize("language", served(), ids=lambda language: language.code)
def test_page_in_each_language(language) -> None:
    html = page(language.code)
    assert "{{" not in html
    assert f'<html lang="{language.code}" dir="{language.direction}">' in html
    data = re.search(r'<script type="application/json" id="strings">(.*?)</script>', html, re.DOTALL)
    assert data is not None
    assert json.loads(data.group(1)) == strings(language.code)
    assert keys_in_use() <= set(strings(language.code)["texts"])


# --- colours ------------------------------------------------------------------------------------------------------


def palette(dark: bool) -> dict[str, str]:
    light, _, rest = STYLE.partition("prefers-color-scheme: dark")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return colours | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", rest)) if dark else colours


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours `#rrggbb` by WCAG 2.1, from 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


TEXT, EDGE = 4.5, 3.0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        ("ink", "paper", TEXT),
        ("ink", "surface", TEXT),
        ("ink", "danger-paper", TEXT),
        ("soft", "paper", TEXT),
        ("soft", "surface", TEXT),
        ("link", "paper", TEXT),
        ("link", "surface", TEXT),
        ("link", "tint", TEXT),
        ("link", "danger-paper", TEXT),
        ("danger", "danger-paper", TEXT),
        ("danger", "paper", TEXT),
        ("danger", "surface", TEXT),
        ("on-brand", "brand", TEXT),
        ("on-brand", "bar", TEXT),
        ("edge", "surface", EDGE),
        ("edge", "paper", EDGE),
        ("focus", "surface", EDGE),
        ("focus", "paper", EDGE),
    ],
)
def test_colours_have_the_contrast_of_wcag_aa(front: str, back: str, least: float, dark: bool) -> None:
    colours = palette(dark)
    assert contrast(colours[front], colours[back]) >= least


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_style_serves_both_directions() -> None:
    physical = re.findall(r"(?:margin|padding|border)-(?:left|right)|text-align: (?:left|right)|float:", STYLE)
    assert physical == []
