"""The records that staff keep, one file for each part of the directory."""

from __future__ import annotations

from directory.models.accounts import Invitation
from directory.models.articles import Article, ArticleText
from directory.models.chores import ChoreRun
from directory.models.contacts import ContactPoint, ServiceContact
from directory.models.duplicates import DuplicatePair, FormerId
from directory.models.emergency import EmergencyNumber
from directory.models.freshness import CheckRequest, Letter, LinkCheck, NoLetters, OrganisationContact, Reminder
from directory.models.exchange import ImportRow, ImportSource
from directory.models.insight import BotDelivery, Tally
from directory.models.languages import SpokenLanguage
from directory.models.locations import ConfidentialPlace, Location, ServiceArea, ServiceAtLocation
from directory.models.organisations import Membership, Organisation, Region
from directory.models.people import User
from directory.models.places import AllowedHost, PlaceAlias, PlaceAliasName
from directory.models.review import ChangeRequest, ConfidentialProposal, ImportRun, Publication, UserReport
from directory.models.schedules import OpeningException, OpeningInterval
from directory.models.search import ServiceSearch
from directory.models.services import Category, Service, ServiceText
from directory.models.tasks import Task
from directory.models.translations import TextDraft, TranslationFile
from directory.models.verification import Verification

__all__ = [
    "AllowedHost",
    "Article",
    "ArticleText",
    "BotDelivery",
    "Category",
    "ChangeRequest",
    "CheckRequest",
    "ChoreRun",
    "ConfidentialPlace",
    "ConfidentialProposal",
    "ContactPoint",
    "DuplicatePair",
    "EmergencyNumber",
    "FormerId",
    "ImportRow",
    "ImportRun",
    "ImportSource",
    "Invitation",
    "Letter",
    "LinkCheck",
    "Location",
    "Membership",
    "NoLetters",
    "OpeningException",
    "OpeningInterval",
    "Organisation",
    "OrganisationContact",
    "PlaceAlias",
    "PlaceAliasName",
    "Publication",
    "Region",
    "Reminder",
    "Service",
    "ServiceArea",
    "ServiceAtLocation",
    "ServiceContact",
    "ServiceSearch",
    "ServiceText",
    "SpokenLanguage",
    "Tally",
    "Task",
    "TextDraft",
    "TranslationFile",
    "User",
    "UserReport",
    "Verification",
]
