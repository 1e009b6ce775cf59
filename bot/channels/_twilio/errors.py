"""Twilio's error codes: what they mean in words for staff, and which `SendError` they are.

Codes: https://www.twilio.com/docs/api/errors. The words of Twilio's own messages are never passed on: they hold numbers.
"""

from __future__ import annotations

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.base.version import Version
from twilio.http.response import Response
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, SSLError

from bot.channels.base import NotTaken, OptedOut, Refused, SendError, Throttled, Unknown

__all__ = ["MEANINGS", "OPTED_OUT", "WINDOW_CLOSED", "meaning", "of_exception", "of_network"]

OPTED_OUT = 21610
WINDOW_CLOSED = 63016

MEANINGS = {
    14107: "too many messages at once",
    20003: "credentials refused",
    20005: "the account is not active",
    20404: "no such thing in this account",
    20429: "too many requests",
    21211: "the number is not valid",
    21212: "our own number is not valid",
    21266: "to and from are the same number",
    21408: "sending to this country is not switched on",
    21602: "the message has no text",
    21603: "no sender is given",
    21606: "our number cannot send to this person",
    21608: "a trial account sends only to verified numbers",
    21609: "the address for status callbacks is not valid",
    21610: "the person has opted out",
    21611: "our number has too many messages waiting",
    21612: "our number cannot reach this person",
    21614: "the number is not a mobile number",
    21617: "the message is longer than 1600 characters",
    21654: "the template's id is missing",
    21655: "the template's id is not valid",
    21656: "the template's variables are not valid",
    21703: "the Messaging Service has no number",
    21705: "the Messaging Service is not valid",
    21910: "sender and person are on different channels",
    30001: "waited too long in the queue",
    30002: "the account is suspended",
    30003: "the phone is off or out of reach",
    30004: "blocked by the phone or its network",
    30005: "the number does not exist",
    30006: "a landline, or a network that takes no messages",
    30007: "filtered by the network",
    30008: "failed for a reason that the network does not tell",
    30022: "the daily limit of the network is reached",
    30032: "the toll-free number is not verified",
    30034: "our number is not registered for this country (A2P 10DLC)",
    30036: "too old when its turn came",
    30410: "the network did not answer in time",
    30450: "the network refuses this kind of message",
    30454: "the network's limit is reached",
    30500: "an error of Twilio's",
    63001: "the channel refuses our credentials",
    63003: "the person is not on WhatsApp",
    63005: "WhatsApp refuses the content",
    63007: "our WhatsApp sender is not registered",
    63013: "against a rule of WhatsApp",
    63015: "in the sandbox: the person has not joined",
    63016: "the 24-hour window is closed",
    63018: "too many messages for WhatsApp",
    63020: "our WhatsApp business has not accepted its invitation",
    63021: "the template's content is not valid",
    63024: "the person cannot get WhatsApp messages",
    63027: "the template does not exist in this language",
    63028: "wrong number of template variables",
    63032: "WhatsApp limits what this person gets",
    63033: "the person has blocked us",
    63038: "the account's daily limit is reached",
    63049: "WhatsApp did not deliver it, to keep its people content",
    63051: "our WhatsApp business is locked",
    63112: "our WhatsApp account is disabled",
    92006: "the template's id is not valid",
}
"""What staff should understand by a code."""

_LATER = {14107: 5.0, 20429: 5.0, 21611: 60.0, 63018: 5.0, 63038: 600.0}
"""Codes that pass by themselves, with the seconds to wait if Twilio names none."""
_ACCOUNT = frozenset({20003, 20005, 20006, 20008, 20009, 20010})
_BLOCKED = frozenset({OPTED_OUT, 63033})


def meaning(code: int | str | None, otherwise: str = "refused") -> str:
    """ "21610: the person has opted out"; a code that is not known stands alone with `otherwise`."""
    try:
        number = int(code or 0)
    except ValueError:
        return otherwise
    if not number:
        return otherwise
    return f"{number}: {MEANINGS.get(number, otherwise)}"


def of_exception(failure: TwilioException, retry_after: float | None = None) -> SendError:
    """The `SendError` of an answer of Twilio's that is no success; `retry_after` in seconds, if its header was there."""
    error = _with_status(failure)
    if error is None:
        return Unknown("Twilio's answer cannot be read")
    try:
        code = int(error.code or 0)
    except (TypeError, ValueError):
        code = 0
    if code == error.status:  # the answer had no code of its own
        code = 0
    if error.status == 429 or code in _LATER:
        return Throttled(meaning(code, "too many requests"), retry_after or _LATER.get(code, 5.0))
    if code in _BLOCKED:
        return OptedOut(meaning(code))
    if error.status == 504:
        return Unknown("Twilio answers 504")
    if error.status >= 500 or error.status < 400:
        return NotTaken(f"Twilio answers {error.status}")
    if code in _ACCOUNT or error.status == 401 or (error.status == 403 and not code):
        return NotTaken(meaning(code, "credentials refused"))
    return Refused(meaning(code, f"refused with {error.status}"))


def _with_status(failure: TwilioException) -> TwilioRestException | None:
    if isinstance(failure, TwilioRestException):
        return failure
    answer = failure.args[-1] if failure.args else None  # the library's lists raise it with the answer alone
    return Version.exception("GET", "", answer, "") if isinstance(answer, Response) else None


def of_network(error: requests.RequestException) -> SendError:
    """The `SendError` of a request that got no answer: was it surely not sent, or can nobody know?"""
    if isinstance(error, requests.ConnectTimeout):
        return NotTaken("Twilio cannot be reached: no connection in time")
    if isinstance(error, requests.ReadTimeout):
        return Unknown("Twilio did not answer in time")
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(reason, NewConnectionError | ConnectTimeoutError):
        return NotTaken("Twilio cannot be reached")
    if isinstance(reason, SSLError) or isinstance(error, requests.exceptions.SSLError):
        return NotTaken("Twilio cannot be reached: its certificate is refused")
    if isinstance(error, requests.exceptions.ProxyError):
        return NotTaken("Twilio cannot be reached: the proxy refuses")
    if isinstance(error, ValueError):  # InvalidURL and the like
        return NotTaken("the address of Twilio's API is not valid")
    return Unknown("the connection to Twilio broke off")
