"""The second factor: an app that shows codes (TOTP, RFC 6238), and ten recovery codes for the day on which the phone is lost.

After the right password a person is not logged in yet: the session only notes who waits for the second step (`begin`), for
ten minutes. `finish` logs in, which gives the session a new key.
"""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

import segno
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.safestring import SafeString, mark_safe
from django_otp import login as otp_login
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

if TYPE_CHECKING:
    from directory.models import User

__all__ = [
    "WAIT_SECONDS",
    "accept",
    "begin",
    "confirm",
    "finish",
    "has_device",
    "needed",
    "new_codes",
    "new_device",
    "passed",
    "qr_code",
    "remaining_codes",
    "reset",
    "secret",
    "waiting",
]

WAIT_SECONDS = 600
"""How long a right password waits for its second step."""
CODES = 10
PENDING = "second_step"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def has_device(user: User) -> bool:
    """Whether the person has set up an app. (Recovery codes alone are no second factor.)"""
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def needed(user: User) -> bool:
    """Whether a password alone does not log the person in."""
    return bool(settings.TWO_FACTOR_REQUIRED) or has_device(user)


def passed(request: HttpRequest) -> bool:
    """Whether this session may open the pages of staff as far as the second factor is concerned."""
    verified = getattr(request.user, "is_verified", None)
    if verified is not None and verified():
        return True
    return not needed(request.user)  # type: ignore[arg-type]


def begin(request: HttpRequest, user: User, onward: str) -> None:
    """Note that the person has given the right password and where they wanted to go; ends any other login of this browser."""
    request.session.flush()
    request.session[PENDING] = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "at": int(time.time()),
        "next": onward,
    }


def waiting(request: HttpRequest) -> User | None:
    """Who waits for the second step in this browser: after the password, or logged in without a code."""
    from directory.models import User

    noted = request.session.get(PENDING)
    if noted is None:
        return request.user if isinstance(request.user, User) and not passed(request) else None
    user = User.objects.filter(pk=noted["user"], is_active=True, is_staff=True).first()
    fresh = time.time() - noted["at"] < WAIT_SECONDS
    if user is None or not fresh or not constant_time_compare(noted["hash"], user.get_session_auth_hash()):
        del request.session[PENDING]
        return None
    return user


def accept(request: HttpRequest, user: User, code: str) -> Any:
    """The device that takes the code, or None. A recovery code works once. A wrong code counts as a failed login."""
    code = "".join(code.split()).lower()
    app = code.isdigit() and len(code) == 6
    devices = (TOTPDevice if app else StaticDevice).objects.filter(user=user, confirmed=True)
    with transaction.atomic():
        for device in devices.select_for_update():
            if device.verify_token(code):
                return device
    user_login_failed.send(__name__, credentials={"username": user.get_username()}, request=request)
    return None


def finish(request: HttpRequest, user: User, device: Any) -> str:
    """Log the person in, with the device that took the code (None: there is no second factor). Returns where they wanted to go."""
    onward = str((request.session.get(PENDING) or {}).get("next", ""))
    if request.session.get(PENDING) is not None or request.user != user:
        login(request, user, backend=BACKEND)
        request.session.pop(PENDING, None)
    else:
        request.session.cycle_key()
    if device is not None:
        otp_login(request, device)
    return onward


def new_device(user: User) -> Any:
    """The app that is being set up; asking again gives the same secret until it is confirmed."""
    return TOTPDevice.objects.filter(user=user, confirmed=False).first() or TOTPDevice.objects.create(
        user=user, name="app", confirmed=False
    )


def confirm(device: Any, code: str) -> list[str] | None:
    """Take the app into use if the code is right, instead of any earlier one. Returns fresh recovery codes, or None."""
    with transaction.atomic():
        found = TOTPDevice.objects.select_for_update().get(pk=device.pk)
        if not found.verify_token("".join(code.split())):
            return None
        found.confirmed = True
        found.save()
        TOTPDevice.objects.filter(user=found.user).exclude(pk=found.pk).delete()
        device.refresh_from_db()
        return new_codes(found.user)


def new_codes(user: User) -> list[str]:
    """Ten recovery codes; the ones before stop working."""
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        kept = StaticDevice.objects.create(user=user, name="recovery", confirmed=True)
        codes = [StaticToken.random_token() + StaticToken.random_token()[:4] for _ in range(CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=kept, token=code) for code in codes)
    return codes


def remaining_codes(user: User) -> int:
    """How many recovery codes are left."""
    return int(StaticToken.objects.filter(device__user=user).count())


def reset(user: User) -> None:
    """Forget the second factor of somebody who has lost it, and end their sessions."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
        user.end_sessions()


def secret(device: Any) -> str:
    """The secret as people type it: base32 in groups of four."""
    text = base64.b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def qr_code(device: Any) -> SafeString:
    """The secret as a QR code: an SVG inside the page, which needs no script."""
    drawn = segno.make(device.config_url, error="m").svg_inline(
        scale=5, border=4, dark="#000", light="#fff", omitsize=True
    )
    return mark_safe(drawn)  # drawn by segno: no text of anybody is in it
