"""What readiness looks at: each thing with why it matters, what to do, and what it keeps from starting (docs/readiness.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["CHECKS", "Check"]


@dataclass(frozen=True)
class Check:
    """One thing that is looked at."""

    id: str
    hard: bool
    """Whether it is a no-go; else it is a warning."""
    stops: frozenset[str]
    """What does not start in production because of it: `run` (`make run`, all servers), `bot` (gateway, worker and sender on
    their own), `directory` (`manage.py serve`). A no-go that only time brings about, like a verification that expired in the
    night, stops nothing: a restart must not silence a service that people count on."""
    why: str
    cure: str


def _check(identifier: str, kind: str, why: str, cure: str) -> Check:
    word, *stops = kind.split()
    return Check(identifier, word == "no-go", frozenset(stops), why, cure)


CHECKS: Mapping[str, Check] = {
    check.id: check
    for check in (
        # --- the settings
        _check(
            "production-off",
            "no-go",
            "Outside production mode the demo user, invented data and the inspection contract are possible.",
            "Set production=true (WAYPOST_PRODUCTION=1).",
        ),
        _check(
            "inspection-on",
            "no-go",
            "Whoever reaches the machine can ask the bot what it understood and what it counts.",
            "Set production=true, which never serves it, or inspection=false.",
        ),
        _check(
            "debug-pages",
            "no-go run directory",
            "Django's debug pages show settings and data to whoever meets an error.",
            "Remove WAYPOST_DEBUG from the environment.",
        ),
        _check(
            "debug-log",
            "no-go run bot directory",
            "At this level libraries may log more than the project has checked.",
            "Set log_level=INFO or above.",
        ),
        _check(
            "operator",
            "no-go run bot",
            "People are told that this is a trial, and cannot know whom they trust or where to complain.",
            "Set `operator` to the name of the organisation that answers for the service.",
        ),
        _check(
            "duty-contact",
            "no-go run bot",
            "Nobody is named who acts when a number is wrong, data leaks or somebody is in danger: no channel may open whose "
            "messages nobody follows up.",
            "Set `duty_contact`: who is on duty, a phone or an address, and the hours.",
        ),
        _check(
            "texts-draft",
            "no-go run bot",
            "Texts that no speaker of the language has read are said to people in danger.",
            "Set texts=approved (or reviewed) once they have been read (CONTRIBUTING.md).",
        ),
        _check(
            "bot-open",
            "warning",
            "Gateway and directory listen on the network without encryption.",
            "Keep bot_host=127.0.0.1 and put a proxy that speaks TLS in front (docs/readiness.md).",
        ),
        _check(
            "public-url",
            "warning",
            "Without an https address no provider can reach the gateway, and the web chat would be readable on the way.",
            "Set public_url=https://... to the address at which the proxy serves the gateway.",
        ),
        # --- keys and files
        _check(
            "secret-key",
            "no-go run bot",
            "The key names and seals conversations. Made anew at each start it forgets everybody, and nobody's data can be deleted.",
            "Make it once where it stays: python -m bot.identity show; keep a copy apart from the data.",
        ),
        _check(
            "secret-key-open",
            "no-go run bot",
            "Whoever reads the key can find out which phone number belongs to which conversation.",
            "chmod 600 the file and let it belong to the user that runs the bot; if others had it: python -m bot.identity rotate.",
        ),
        _check(
            "secret-key-old",
            "warning",
            "A key that is never changed ties all conversations of a person together.",
            "python -m bot.identity rotate, every three months (docs/privacy.md).",
        ),
        _check(
            "directory-key-open",
            "no-go run directory",
            "Whoever reads the key can make sessions and links of the directory, as anybody.",
            "chmod 600 the file; remove it to make a new one (everybody logs in again).",
        ),
        _check(
            "files-open",
            "warning",
            "Other users of the machine can read databases with confidential addresses and sealed messages.",
            "chmod 700 the folder `var`.",
        ),
        # --- what people are told
        _check(
            "snapshot",
            "no-go run",
            "Without a published directory the bot knows no services and no numbers.",
            "Publish in the directory (make publish); if the file is damaged, publish again.",
        ),
        _check(
            "snapshot-sample",
            "no-go run",
            "People would be sent to places that do not exist.",
            "python manage.py loadsample --remove, then make publish, in production mode.",
        ),
        _check(
            "snapshot-old",
            "warning",
            "Corrections that staff have made since do not reach people.",
            "make publish; see in the directory whether publishing failed.",
        ),
        _check(
            "numbers-unverified",
            "no-go run",
            "In danger people are given a number that nobody has tried.",
            "Let staff call each number, fill in who answers and mark it as verified in the directory, then publish "
            "(python manage.py loadnumbers fetches the numbers to verify).",
        ),
        _check(
            "numbers-expired",
            "no-go",
            "A number that was verified too long ago is not given any more; people get the general 112 of mobile networks.",
            "Call the numbers again and renew the verification in the directory, then publish.",
        ),
        _check(
            "numbers-expiring",
            "warning",
            "They will not be given any more after that day.",
            "Call them again and renew the verification.",
        ),
        _check(
            "numbers-kinds",
            "warning",
            "For these dangers only the general number is known, whose people may not be prepared for them.",
            "Look for the line of the country, verify it and publish it; where there is none, nothing is to do.",
        ),
        _check(
            "numbers-report",
            "warning",
            "People are told that it is not known whether whoever answers must report them.",
            "Ask the operator and fill in `must tell authorities`.",
        ),
        _check(
            "handoff",
            "warning",
            "Who wants to talk to a person in these countries is shown nobody whom they can call.",
            "Publish a service with a phone for family links, legal aid, mental health or community there.",
        ),
        _check(
            "services-overdue",
            "warning",
            "They are shown with a remark that they want checking, and hidden after three periods.",
            "Check them: the list is on the start page of the directory.",
        ),
        _check(
            "articles-overdue",
            "warning",
            "Explanations of rights and procedures may be out of date.",
            "Check them against their sources in the directory.",
        ),
        _check(
            "texts-crisis",
            "no-go run",
            "On danger, protection, decisions, privacy and law a wrong word does most harm: two people must have approved it.",
            "make locales-status; python -m bot.replies.reviews sign <language> --by ... --approve (CONTRIBUTING.md).",
        ),
        _check(
            "texts-rest",
            "warning",
            "Nobody who speaks the language has approved these texts.",
            "make locales-status; python -m bot.replies.reviews sign <language> --by ... --approve.",
        ),
        _check(
            "words-unread",
            "warning",
            "The rules that look for words which encourage, deter or frighten were read by no native speaker.",
            "Let a native speaker and a protection colleague read data/neutrality/<language>.yml and note it in its first line: "
            "Read by <names>, <date>.",
        ),
        _check(
            "service-texts",
            "warning",
            "Staff's texts go out that nobody has approved; a machine's are labelled as such.",
            "Approve them in the directory (docs/translating-services.md), or set WAYPOST_MACHINE_TEXTS=0.",
        ),
        _check(
            "article-texts",
            "no-go",
            "Explanations of rights, asylum and return go out that nobody has approved in that language.",
            "Approve them in the directory, or take them back to draft.",
        ),
        _check(
            "model",
            "no-go run",
            "Without it the bot understands nothing.",
            "make train",
        ),
        # --- channels
        _check(
            "channel-broken",
            "no-go run",
            "The channel is switched on and does not start: people write and nobody answers.",
            "Mend the settings (docs/channels/), then make channel-check; or switch it off.",
        ),
        _check(
            "channel-partial",
            "warning",
            "Some of a channel's settings are there, and it is off all the same.",
            "Complete them (docs/channels/) or remove them.",
        ),
        _check(
            "channel-none",
            "warning",
            "Only the web chat is there, which needs a browser and data.",
            "Set up SMS, WhatsApp or Telegram (docs/channels/).",
        ),
        _check(
            "channel-refused",
            "no-go",
            "Asked just now, the provider did not say that everything is in order.",
            "make channel-check tells more.",
        ),
        # --- what is kept
        _check(
            "retention-off",
            "no-go run bot",
            "What people tell would be kept without an end that anybody has thought of.",
            "Set retention_days to between 1 and 90 and reply_hours to between 1 and 168; 30 and 24 are the defaults.",
        ),
        _check(
            "retention-long",
            "warning",
            "It is kept for longer than the project advises, and longer than docs/privacy.md says.",
            "Set retention_days=30 and reply_hours=24 or less, or say why in your impact assessment.",
        ),
        _check(
            "retention-late",
            "no-go",
            "Rows are there that should have been deleted: what people were promised is not kept.",
            "See whether a gateway or worker runs, and in its log why purging fails.",
        ),
        _check(
            "database-sqlite",
            "warning",
            "One machine and a moderate load are what SQLite is for.",
            "For several machines or workers use PostgreSQL (docs/settings.md); else nothing is to do.",
        ),
        _check(
            "advisories",
            "warning",
            "Known weaknesses of dependencies were accepted until a day that has passed.",
            "make audit, and review docs/dependencies.md.",
        ),
        # --- the directory
        _check(
            "migrations",
            "no-go run directory",
            "The database is older than the program.",
            "make prepare (or python manage.py migrate)",
        ),
        _check(
            "demo-user",
            "no-go run directory",
            "Its password stands in the public source code.",
            "Delete the user `staff` or give it a password of its own: python manage.py changepassword staff",
        ),
        _check(
            "sample-data",
            "no-go run",
            "Invented records lie among true ones.",
            "python manage.py loadsample --remove",
        ),
        _check(
            "hosts",
            "warning",
            "Staff reach the directory only on the machine itself.",
            "Set WAYPOST_DIRECTORY_HOSTS to the name under which the proxy serves it.",
        ),
        _check(
            "hosts-any",
            "no-go run directory",
            "The directory answers to any name, so links in its letters can be made to lead elsewhere.",
            "Name the hosts in WAYPOST_DIRECTORY_HOSTS.",
        ),
        _check(
            "https-off",
            "no-go run directory",
            "Passwords and confidential addresses would travel in clear text.",
            "Remove WAYPOST_DIRECTORY_HTTPS=0 and put a proxy that speaks TLS in front.",
        ),
        _check(
            "site-url",
            "warning",
            "Links in invitations and reminders lead nowhere, or are not encrypted.",
            "Set WAYPOST_DIRECTORY_URL=https://...",
        ),
        _check(
            "two-factor",
            "no-go run directory",
            "A stolen password is enough to read confidential addresses and to change what people are told.",
            "Remove WAYPOST_DIRECTORY_TWO_FACTOR=optional.",
        ),
        _check(
            "mail",
            "warning",
            "Invitations, password resets and reminders lie in a folder and reach nobody.",
            "Set WAYPOST_DIRECTORY_MAIL_URL and WAYPOST_DIRECTORY_MAIL_FROM.",
        ),
        _check(
            "second-person",
            "warning",
            "Changes need a second person's approval, and there is none.",
            "Invite another reviewer, coordinator or administrator.",
        ),
        _check(
            "protection-none",
            "warning",
            "Nobody decides on texts and places that touch protection.",
            "Invite a protection officer.",
        ),
        _check(
            "backup-never",
            "no-go run",
            "After a broken disk the work of all staff is gone.",
            "make backup, daily, to another machine (docs/backup.md).",
        ),
        _check(
            "backup-old",
            "warning",
            "What staff did since would be lost.",
            "Let `make backup` run daily (docs/backup.md).",
        ),
        _check(
            "chores",
            "no-go",
            "Nobody is reminded of numbers and services that expire, imports stand still, old data is not removed.",
            "Run `python manage.py chores` beside the directory (make run does).",
        ),
        _check(
            "chores-failing",
            "warning",
            "Part of the work in the background is not done.",
            "See the log of `manage.py chores`.",
        ),
        _check(
            "publication-failed",
            "warning",
            "What staff have changed since the last publication does not reach people.",
            "See under Publications in the directory why.",
        ),
    )
}
