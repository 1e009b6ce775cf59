"""The kinds of help that the directory holds: one category for each `find_*` intent."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CATEGORIES", "Category", "category"]


def _(context: str, text: str) -> str:
    """Mark a label for the catalogues (Babel keyword `_:1c,2`, see babel.cfg); returns the English text."""
    return text


@dataclass(frozen=True)
class Category:
    """One kind of help."""

    code: str
    """Stable name, the part of the intent's name behind `find_`."""
    label: str
    """English label as a person reads it on a button; message context `category:<code>` in the catalogues."""
    urgent: bool = False
    """A person who asks usually needs it today: open places come first."""
    review_days: int = 90
    """Staff must check an entry again after so many days (directory.md, part 4, workflow 4)."""


CATEGORIES: dict[str, Category] = {
    c.code: c
    for c in (
        Category("shelter", _("category:shelter", "A place to sleep"), urgent=True, review_days=30),
        Category("food", _("category:food", "Food"), urgent=True, review_days=30),
        Category("water_hygiene", _("category:water_hygiene", "Water, shower, toilet"), urgent=True, review_days=30),
        Category("health_care", _("category:health_care", "Doctor and medicine"), urgent=True),
        Category("mental_health", _("category:mental_health", "Someone to talk to about worries")),
        Category("maternal_care", _("category:maternal_care", "Pregnancy and birth"), urgent=True),
        Category("child_protection", _("category:child_protection", "Help for children")),
        Category("safe_space", _("category:safe_space", "Safe place for women and others")),
        Category("legal_aid", _("category:legal_aid", "Legal help")),
        Category("asylum_office", _("category:asylum_office", "Asylum and immigration office"), review_days=180),
        Category("family_links", _("category:family_links", "Find lost family"), review_days=180),
        Category("education", _("category:education", "School and courses"), review_days=180),
        Category("work", _("category:work", "Work and training")),
        Category("cash_assistance", _("category:cash_assistance", "Money help")),
        Category("clothing", _("category:clothing", "Clothes and blankets")),
        Category("phone_internet", _("category:phone_internet", "Phone, charging, internet")),
        Category("disability_support", _("category:disability_support", "Help with disability or old age")),
        Category("interpreter", _("category:interpreter", "Interpreter and translation")),
        Category("community", _("category:community", "Meet people, activities")),
        Category("return_support", _("category:return_support", "Advice about return")),
    )
}


def category(code: str) -> Category:
    """The category of that code. Raises KeyError for one that does not exist."""
    return CATEGORIES[code]
