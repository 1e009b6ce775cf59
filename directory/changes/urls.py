"""The addresses under /staff/changes/."""

from __future__ import annotations

from django.urls import path

from directory.changes import history_views, views

app_name = "changes"
urlpatterns = [
    path("", views.listed, name="list"),
    path("<int:pk>/", views.change, name="change"),
    path("history/<slug:model>/<int:pk>/", history_views.record_history, name="history"),
    path("publications/<int:pk>/", history_views.publication, name="publication"),
]
