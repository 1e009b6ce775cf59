"""The records that staff keep, one file for each part of the directory."""

from __future__ import annotations

from directory.models.articles import Article, ArticleText
from directory.models.contacts import ContactPoint, ServiceContact
from directory.models.emergency import EmergencyNumber
from directory.models.languages import SpokenLanguage
from directory.models.locations import ConfidentialPlace, Location, ServiceArea, ServiceAtLocation
from directory.models.organisations import Membership, Organisation, Region
from directory.models.people import User
from directory.models.places import AllowedHost, PlaceAlias, PlaceAliasName
from directory.models.review import ChangeRequest, ImportRun, Publication, UserReport
from directory.models.schedules import OpeningException, OpeningInterval
from directory.models.services import Category, Service, ServiceText
from directory.models.verification import Verification

__all__ = [
    "AllowedHost",
    "Article",
    "ArticleText",
    "Category",
    "ChangeRequest",
    "ConfidentialPlace",
    "ContactPoint",
    "EmergencyNumber",
    "ImportRun",
    "Location",
    "Membership",
    "OpeningException",
    "OpeningInterval",
    "Organisation",
    "PlaceAlias",
    "PlaceAliasName",
    "Publication",
    "Region",
    "Service",
    "ServiceArea",
    "ServiceAtLocation",
    "ServiceContact",
    "ServiceText",
    "SpokenLanguage",
    "User",
    "UserReport",
    "Verification",
]
