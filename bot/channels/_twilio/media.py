"""What kind of attachment came: only its kind is kept, the file is never fetched."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["kind_of_media"]

_CONTACT = ("text/vcard", "text/x-vcard", "text/directory")


def kind_of_media(form: Mapping[str, str]) -> str:
    """Kind of the first attachment as in `Inbound.media`; `other` if there is none, or none that is known."""
    kind = form.get("MediaContentType0", "").partition(";")[0].strip().lower()
    if not kind or form.get("NumMedia", "0").strip() in ("", "0"):
        return "other"
    if kind in _CONTACT:
        return "contact"
    if kind == "image/webp":
        return "sticker"
    family = kind.partition("/")[0]
    return {"audio": "voice", "image": "image", "video": "video"}.get(family, "file")
