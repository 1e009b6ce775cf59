"""Words of a text, with marks kept on their letters."""

from __future__ import annotations

import pytest

from bot.nlu import tokens as module
from bot.nlu.tokens import tokens


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("where, please?", ["where", ",", "please", "?"]),
        ("नमस्ते डॉक्टर", ["नमस्ते", "डॉक्टर"]),
        ("আমার ক্ষুধা", ["আমার", "ক্ষুধা"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("п'ять", ["п'ять"]),
        ("أين؟", ["أين", "؟"]),
        ("ሰላም፣ እንዴት", ["ሰላም", "፣", "እንዴት"]),
        ("", []),
        ("  ", []),
        ("👋 hi", ["👋", "hi"]),
    ],
)
def test_without_rules_of_the_language(text: str, words: list[str]) -> None:
    found = tokens(text, "xx")
    assert [word for word, _ in found] == words
    assert all(text[start : start + len(word)] == word for word, start in found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("J'ai faim", "fr", ["J'", "ai", "faim"]),
        ("i don't know", "en", ["i", "do", "n't", "know"]),
        ("¿dónde?", "es", ["¿", "dónde", "?"]),
        ("وين أنام؟", "ar", ["وين", "أنام", "؟"]),
    ],
)
def test_by_rules_of_spacy(text: str, language: str, words: list[str]) -> None:
    found = tokens(text, language)
    assert [word for word, _ in found] == words
    assert all(text[start : start + len(word)] == word for word, start in found)


def test_without_spacy(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def refuse(name, *rest, **named):
        if name == "spacy":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    module._tokenizer.cache_clear()
    assert [word for word, _ in tokens("J'ai faim", "fr")] == ["J'ai", "faim"]
    module._tokenizer.cache_clear()
