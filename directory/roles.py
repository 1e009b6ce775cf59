"""What each role may do with each kind of record: Django's permissions, as data. Each migration brings the groups in line."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

from directory.access import Role
from directory.rows import CONFIDENTIAL, EDITED_WITH_A_SERVICE

__all__ = ["PERMISSIONS", "codenames", "fill_roles"]

VERBS = {"v": "view", "a": "add", "c": "change", "d": "delete"}

_PARTS = dict.fromkeys(EDITED_WITH_A_SERVICE, "vacd")
_DIRECTORY = {**_PARTS, **dict.fromkeys(("service", "location", "contactpoint", "organisation"), "vac")}
_REVIEWER = {
    **_DIRECTORY,
    **dict.fromkeys(("article", "emergencynumber"), "vac"),
    **dict.fromkeys(("articletext", "placealias", "placealiasname", "allowedhost"), "vacd"),
    **dict.fromkeys(("changerequest", "userreport", "task"), "vac"),
    **dict.fromkeys(("category", "region", "publication", "importrun"), "v"),
    **dict.fromkeys(("formerid", "importrow", "importsource"), "v"),
    **dict.fromkeys(("duplicatepair", "linkcheck"), "vc"),
    **dict.fromkeys(("organisationcontact", "textdraft", "translationfile"), "vacd"),
    **dict.fromkeys(("checkrequest", "verification"), "va"),
}

PERMISSIONS: dict[str, dict[str, str]] = {
    Role.PARTNER: {
        **_PARTS,
        **dict.fromkeys(("service", "location", "contactpoint"), "vac"),
        "organisation": "vc",
        **dict.fromkeys(("category", "region", "userreport"), "v"),
        "changerequest": "va",
        "task": "vc",
        "verification": "va",
        **dict.fromkeys(("invitation", "textdraft", "organisationcontact"), "vac"),
        "checkrequest": "v",
    },
    Role.REVIEWER: {**_REVIEWER, "": "publish"},
    Role.TRANSLATOR: {
        **dict.fromkeys(("service", "article", "organisation", "category", "region"), "v"),
        **dict.fromkeys(("servicetext", "articletext"), "vac"),
        "changerequest": "va",
        **dict.fromkeys(("textdraft", "translationfile"), "vacd"),
    },
    Role.PROTECTION: {
        **_PARTS,
        **dict.fromkeys(("service", "location", "changerequest", "userreport", "task"), "vc"),
        **dict.fromkeys(("contactpoint", "organisation", "article", "articletext", "category", "region"), "v"),
        **dict.fromkeys(("confidentialplace", "textdraft"), "vacd"),
        "confidentialproposal": "v",
        "verification": "va",
        "publication": "v",
        "": "view_confidential",
    },
    Role.COORDINATOR: {
        **_REVIEWER,
        **dict.fromkeys(("importrun", "importrow", "importsource", "invitation"), "vac"),
        "membership": "v",
        "": "publish",
    },
}
"""By role and model: v(iew), a(dd), c(hange), d(elete); under "" the permissions with other names, divided by blanks.

An administrator has every permission of the directory except those for confidential places.
"""


def codenames(role: str) -> set[str]:
    """The permissions of a role, without the name of the app."""
    if role == Role.ADMINISTRATOR:
        own = Permission.objects.filter(content_type__app_label="directory")
        return set(own.exclude(content_type__model__in=CONFIDENTIAL).values_list("codename", flat=True))
    found: set[str] = set()
    for model, letters in PERMISSIONS[role].items():
        found |= {f"{VERBS[letter]}_{model}" for letter in letters} if model else set(letters.split())
    return found


def fill_roles(using: str = "default", **kwargs: Any) -> None:
    """Make the group of each role and give it exactly the permissions above; after each migration."""
    for label in ("auth", "directory"):
        create_permissions(apps.get_app_config(label), verbosity=0, using=using)
    for role in Role.values:
        group, _made = Group.objects.using(using).get_or_create(name=role)
        wanted = Permission.objects.using(using).filter(
            content_type__app_label="directory", codename__in=codenames(role)
        )
        if role == Role.ADMINISTRATOR:
            wanted = wanted | Permission.objects.using(using).filter(codename="view_group")
        group.permissions.set(wanted)
