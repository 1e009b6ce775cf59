"""Language identification: rules of script, the character model, ties, abstention."""

from __future__ import annotations

import io

import numpy as np
import pytest

from bot.nlu.language import LIKELY, SURE, LanguageModel
from bot.nlu.scripts import main_script, script_of, without_links
from bot.nlu.sentences import TESTS, TRAINING, read
from bot.nlu.switching import SURE as SWITCHES


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return LanguageModel.train((s.text, s.language) for s in read(TRAINING))


@pytest.mark.parametrize(
    ("char", "script"),
    [
        ("a", "Latn"),
        ("é", "Latn"),
        ("ي", "Arab"),
        ("گ", "Arab"),
        ("ы", "Cyrl"),
        ("አ", "Ethi"),
        ("ব", "Beng"),
        ("1", None),
    ],
)
def test_script_of(char: str, script: str | None) -> None:
    assert script_of(char) == script


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("wifi وين", "Arab"),
        ("i live near جامع", "Latn"),
        ("ከተማ hotel", "Ethi"),
        ("123 !!", None),
        ("", None),
    ],
)
def test_main_script(text: str, script: str | None) -> None:
    assert main_script(text) == script


def test_links_have_no_language() -> None:
    assert without_links("see https://example.org/aide or me@example.org @bot ok").split() == ["see", "or", "ok"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("where can we sleep tonight", "en"),
        ("i need doctor", "en"),
        ("ou est ce que je peux dormir ce soir", "fr"),
        ("jai besoin dun medecin", "fr"),
        ("donde puedo dormir esta noche", "es"),
        ("necesito un medico para mi hijo", "es"),
        ("وين بقدر نام الليلة", "ar"),
        ("wifi وين", "ar"),
        ("wen fini nem l leile", "ar"),
        ("fin n9der nbat had lila", "ar"),
        ("preciso de um lugar para dormir hoje", "pt"),
        ("mujhe doctor chahiye mera bacha bimar hai", "ur"),
        ("مجھے ڈاکٹر چاہیے", "ur"),
        ("زه ډاکټر ته اړتیا لرم", "ps"),
        ("دەمەوێ پزیشک ببینم", "ckb"),
        ("ez li doktorekî digerim", "ku"),
        ("bu gece nerede kalabilirim", "tr"),
        ("naomba msaada mtoto wangu mgonjwa", "sw"),
        ("waxaan u baahanahay dhakhtar", "so"),
        ("mwen bezwen yon doktè", "ht"),
        ("мне нужен врач", "ru"),
        ("мені потрібен лікар", "uk"),
        ("ডাক্তার লাগবে আমার ছেলে অসুস্থ", "bn"),
        ("ሐኪም እፈልጋለሁ ልጄ ታሟል", "am"),
        ("ሓኪም የድልየኒ ኣሎ ወደይ ሓሚሙ", "ti"),
    ],
)
def test_whole_messages(model: LanguageModel, text: str, code: str) -> None:
    found = model.identify(text)
    assert found.code == code
    assert found.confidence >= LIKELY


@pytest.mark.parametrize("conversation", [None, "fr", "ar"])
@pytest.mark.parametrize("text", ["", "???", "😀", "2", "ok", "a", "https://example.org/help", "מים"])
def test_abstains(model: LanguageModel, text: str, conversation: str | None) -> None:
    """Nothing to read, too little of a shared script, a script or a letter that no served language has."""
    found = model.identify(text, conversation)
    assert found.code == conversation
    assert found.confidence <= LIKELY < SURE


@pytest.mark.parametrize("conversation", ["fa", "prs"])
def test_dari_and_persian_are_told_apart_by_words_only(model: LanguageModel, conversation: str) -> None:
    """A message that both would write keeps the language of the conversation; a telling one leaves it."""
    assert model.identify("کمک", conversation).code == conversation
    assert model.identify("شفاخانه ده کجاس بچیم مریض اس", conversation).code == "prs"
    assert model.identify("بیمارستان کجاست بچه‌م مریضه", conversation).code == "fa"


@pytest.mark.parametrize("text", ["hotel", "no", "metro", "final"])
@pytest.mark.parametrize("conversation", ["en", "es", "fr"])
def test_the_conversation_decides_ties(model: LanguageModel, text: str, conversation: str) -> None:
    """A borrowed word may be read as another language, but never so surely that the conversation changes."""
    found = model.identify(text, conversation)
    assert found.code == conversation or found.confidence < SWITCHES


def test_the_conversation_makes_its_language_likelier(model: LanguageModel) -> None:
    alone, within = model.identify("para mi"), model.identify("para mi", "es")
    assert within.code == "es"
    assert within.confidence > alone.confidence


@pytest.mark.parametrize(("words", "least"), [(3, 0.94), (None, 0.975)])
def test_test_sentences(model: LanguageModel, words: int | None, least: float) -> None:
    """Dari and Persian count as one here: most messages do not tell."""
    alike = {"prs": "fa"}
    sentences = read(TESTS)
    found = [model.identify(" ".join(s.text.split()[:words])).code for s in sentences]
    right = [alike.get(code or "", code) == alike.get(s.language, s.language) for code, s in zip(found, sentences)]
    assert np.mean(right) >= least


def test_round_trip(model: LanguageModel) -> None:
    file = io.BytesIO()
    np.savez_compressed(file, **model.to_npz())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = LanguageModel.from_npz(arrays)
    for text in ("where do we sleep", "necesito ayuda", "أين"):
        assert again.identify(text) == model.identify(text)


def test_a_language_that_the_project_lacks_is_refused(model: LanguageModel) -> None:
    arrays = model.to_npz()
    arrays["about"] = np.array(str(arrays["about"]).replace('"ar"', '"xx"'))
    with pytest.raises(ValueError, match="xx"):
        LanguageModel.from_npz(arrays)
