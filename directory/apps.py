"""Django's view of the directory: the app, its admin site, and the categories that are renewed at each migration."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

__all__ = ["DirectoryConfig", "WaypostAdminConfig"]


def fill_categories(**kwargs: Any) -> None:
    """Bring the table of categories in line with `bot.lookup.categories`; review periods that staff tuned stay."""
    from bot.lookup.categories import CATEGORIES
    from directory.models import Category

    for position, known in enumerate(CATEGORIES.values()):
        facts = {"label": known.label, "urgent": known.urgent, "position": position}
        Category.objects.update_or_create(
            code=known.code, defaults=facts, create_defaults={**facts, "review_days": known.review_days}
        )


def fill_roles(using: str = "default", **kwargs: Any) -> None:
    """Bring the roles of staff in line with `directory.roles`."""
    from directory.roles import fill_roles as fill

    fill(using)


class DirectoryConfig(AppConfig):
    """The app that holds the records."""

    name = "directory"
    verbose_name = _("Directory")

    def ready(self) -> None:
        post_migrate.connect(fill_categories, sender=self)
        post_migrate.connect(fill_roles, sender=self)
        from directory.exchange.confidential import watch as watch_places
        from directory.insight.flags import watch as watch_tasks
        from directory.search import watch

        watch()
        watch_tasks()
        watch_places()


class WaypostAdminConfig(AdminConfig):
    """Django's admin with Waypost's site instead of the default one."""

    default_site = "directory.admin_site.WaypostAdminSite"
