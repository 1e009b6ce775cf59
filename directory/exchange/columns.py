"""Says which column of a file is what: guessed from headers in five languages, corrected by a mapping file of the source."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _
from rapidfuzz import fuzz

__all__ = ["FIELDS", "OURS", "SURE", "Columns", "MappingError", "guess", "key", "load_mapping", "with_mapping"]

FIELDS: dict[str, str] = {
    "name": "name, service name, unit, name of service, title, nom, nombre, nome, nom du service, nombre del servicio, الاسم, اسم الخدمة",
    "organisation": "organisation, organization, agency, ngo, provider, partner, national society, operator, organisme, association, "
    "organizacion, entidad, institucion, organizacao, instituicao, المنظمة, اسم المنظمة, الجهة",
    "description": "description, details, about, services offered, summary, descriptif, descripcion, servicios, descricao, الوصف, وصف الخدمة",
    "phone": "phone, telephone, tel, phone number, telephone number, mobile, cell, hotline, helpline, contact number, whatsapp, "
    "numero de telephone, portable, telefono, movil, celular, linea, telefone, telemovel, الهاتف, رقم الهاتف, هاتف, جوال",
    "email": "email, e-mail, mail, email address, courriel, adresse mail, correo, correo electronico, البريد الإلكتروني, ايميل",
    "website": "website, web, url, link, web site, homepage, site, site web, lien, sitio web, pagina web, enlace, sitio, الموقع الإلكتروني, رابط",
    "address": "address, street, address line, street address, full address, adresse, rue, direccion, calle, domicilio, endereco, rua, morada, العنوان, الشارع",
    "postcode": "postcode, postal code, zip, zip code, code postal, codigo postal, cep, الرمز البريدي",
    "city": "city, town, municipality, locality, ville, commune, ciudad, municipio, localidad, cidade, localidade, المدينة, البلدة",
    "country": "country, iso, iso2, iso3, country code, pays, pais, البلد, الدولة",
    "latitude": "latitude, lat, y, gps latitude, latitud, خط العرض",
    "longitude": "longitude, lon, lng, long, x, gps longitude, longitud, خط الطول",
    "coordinates": "coordinates, gps, geolocation, lat lon, latlng, coordonnees, coordonnees gps, coordenadas, الإحداثيات",
    "hours": "hours, opening hours, open, schedule, working hours, opening times, times, horaires, heures d'ouverture, horario, horarios, "
    "horario de atencion, horario de funcionamento, ساعات العمل, أوقات الدوام, الدوام",
    "languages": "languages, language, languages spoken, langues, langue, idiomas, idioma, linguas, اللغات, اللغة",
    "category": "category, type, service type, sector, kind, subtype, categorie, type de service, secteur, categoria, tipo, tipo de servicio, sector, الفئة, نوع الخدمة, القطاع",
    "eligibility": "eligibility, who can go, target group, beneficiaries, public, eligibilite, beneficiaires, elegibilidad, requisitos, "
    "beneficiarios, elegibilidade, الأهلية, المستفيدون",
    "cost": "cost, fee, price, cout, prix, costo, precio, custo, preco, التكلفة",
    "date_checked": "date checked, last checked, verified, last verified, date of update, dateofupdate, updated, last updated, date, verification date, "
    "date de verification, mise a jour, derniere mise a jour, fecha de verificacion, fecha, fecha de actualizacion, actualizado, "
    "data de verificacao, data, atualizado, تاريخ التحقق, آخر تحديث, التاريخ",
    "visibility": "visibility, confidential, confidential address, public view, publicview, publish, visibilite, confidentiel, visibilidad, confidencial, visibilidade, سري",
    "contact_person": "contact person, contact name, focal point, focal person, responsible, responsible person, manager, director, name of contact, person in charge, "
    "coordinator, personne de contact, nom du contact, personne ressource, point focal, persona de contacto, contacto, nombre del contacto, "
    "responsable, encargado, pessoa de contato, contato, responsavel, الشخص المسؤول, اسم المسؤول, جهة الاتصال, مسؤول الاتصال",
    "external_id": "id, identifier, external id, uuid, code, ref, reference, identifiant, identificador, codigo, المعرف",
}
"""Fields of a row and the headers that mean them, in English, French, Spanish, Portuguese and Arabic."""
OURS: dict[str, str] = {
    "how_to_get_help": "how to get help",
    "what_to_bring": "what to bring",
    "cost_note": "note on cost",
    "status": "status",
    "delivery": "delivery",
    "urgency": "urgency",
    "papers": "papers",
    "shares_data": "shares data",
    "genders": "genders",
    "min_age": "min age",
    "max_age": "max age",
    "audiences": "audiences",
    "nationalities": "nationalities",
    "booking": "booking",
    "serves_countries": "serves countries",
    "operator_type": "operator type",
    "must_report": "must report",
    "other_contacts": "other contacts",
    "place_name": "place name",
    "admin1": "province",
    "transport": "transport",
    "wheelchair": "wheelchair",
    "areas": "areas",
    "text_language": "text language",
}
"""Fields of our own exports; only a header that is exactly the same is taken for them."""
SURE = 80
"""A guess with a lower score is not taken."""
_SUFFIXES = {"loc", "local", "en", "fr", "es", "ar", "pt", "english", "french", "spanish", "arabic", "1", "2", "3"}
_REPEATABLE = {
    "name",
    "description",
    "phone",
    "email",
    "website",
    "address",
    "city",
    "hours",
    "contact_person",
    "category",
}
"""Fields that several columns may hold: in two languages, or a second phone."""


class MappingError(ValueError):
    """The mapping file does not fit; the message says where."""


@dataclass(frozen=True)
class Columns:
    """What each column of a table holds."""

    fields: tuple[str | None, ...]
    """By column, from 0: a key of FIELDS, or None."""
    scores: tuple[int, ...]
    """0 to 100; 100 for a column that the mapping file names."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """`source`, `country` and `date_order` of the mapping file."""

    def of(self, *names: str) -> list[int]:
        """The columns that hold any of these fields, in the order of the file."""
        return [at for at, name in enumerate(self.fields) if name in names]

    def first(self, cells: Sequence[str], name: str) -> str:
        """The first text of that field in a row that is not empty; ''."""
        return next((cells[at].strip() for at in self.of(name) if cells[at].strip()), "")


def key(text: str) -> str:
    """A header or name for comparison: lower case, without accents, signs or repeated blanks."""
    plain = unicodedata.normalize("NFKD", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign)).casefold()
    plain = plain.translate(str.maketrans("أإآىة", "ااايه"))
    return " ".join(re.findall(r"[^\W_]+", plain))


_KNOWN = [(name, key(word)) for name, words in FIELDS.items() for word in words.split(",")]
_OURS = {key(header): name for name, header in OURS.items()}


def _score(header: str) -> tuple[str | None, int]:
    words = key(header).split()
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words = words[:-1]
    text = " ".join(words)
    if not text:
        return None, 0
    if text in _OURS:
        return _OURS[text], 100
    best: tuple[str | None, int] = (None, 0)
    for name, known in _KNOWN:
        if text == known:
            return name, 100
        if len(text) < 4 or len(known) < 4:
            continue
        score = int(fuzz.ratio(text, known))
        if set(known.split()) <= set(words):  # "contact person (focal)" holds "contact person"
            score = max(score, 80 + min(15, 4 * len(known.split())))
        if score >= best[1]:  # of two, the later field: "organisation phone" is a phone
            best = (name, score)
    return best if best[1] >= SURE else (None, best[1])


def guess(headers: Sequence[str]) -> Columns:
    """The likely field of each column, by its header alone."""
    scored = [_score(header) for header in headers]
    fields: list[str | None] = []
    for at, (name, score) in enumerate(scored):
        better = any(n == name and (s > score or (s == score and i < at)) for i, (n, s) in enumerate(scored))
        fields.append(None if better and name not in _REPEATABLE else name)
    return Columns(tuple(fields), tuple(score for _name, score in scored))


def load_mapping(path: Path) -> dict[str, Any]:
    """The mapping file of a source, as written. Raises MappingError."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError(_("%(file)s cannot be read: %(why)s") % {"file": path.name, "why": error}) from error
    if not isinstance(data, dict):
        raise MappingError(
            _("%(file)s must hold “columns:” and below it one line for each field.") % {"file": path.name}
        )
    return data


def with_mapping(headers: Sequence[str], mapping: Mapping[str, Any]) -> Columns:
    """The guess, corrected by `mapping`: `columns` {field: header or headers}, `ignore` [headers], `source`, `country`, `date_order`.

    Raises MappingError for unknown keys and fields, headers that the file lacks, and a column that is named twice.
    """
    allowed = {"columns", "ignore", "source", "country", "date_order", "categories"}
    if unknown := set(mapping) - allowed:
        raise MappingError(_("the mapping has unknown keys: %(keys)s") % {"keys": ", ".join(sorted(map(str, unknown)))})
    if mapping.get("date_order") not in (None, "day_first", "month_first"):
        raise MappingError(_("date_order is day_first or month_first"))
    columns = mapping.get("columns") or {}
    if not isinstance(columns, dict):
        raise MappingError(_("“columns:” must hold one line for each field"))
    guessed = guess(headers)
    fields: list[str | None] = list(guessed.fields)
    scores = list(guessed.scores)
    taken: dict[int, str] = {}

    def find(header: object) -> int:
        matches = [at for at, known in enumerate(headers) if known == str(header).strip()]
        if len(matches) != 1:
            text = _("the mapping names the column “%(header)s”, which the file has %(times)d times")
            raise MappingError(text % {"header": header, "times": len(matches)})
        return matches[0]

    for name, given in columns.items():
        if name not in FIELDS and name not in OURS:
            text = _("the mapping names the field “%(field)s”; there are: %(fields)s")
            raise MappingError(text % {"field": name, "fields": ", ".join((*FIELDS, *OURS))})
        fields = [None if known == name and at not in taken else known for at, known in enumerate(fields)]
        for header in given if isinstance(given, list) else [given]:
            at = find(header)
            if at in taken:
                text = _("the mapping names the column “%(header)s” for two fields")
                raise MappingError(text % {"header": header})
            taken[at], fields[at], scores[at] = name, name, 100
    for header in mapping.get("ignore") or []:
        at = find(header)
        if at in taken:
            raise MappingError(_("the mapping both uses and ignores the column “%(header)s”") % {"header": header})
        fields[at], scores[at] = None, 100
    return Columns(
        tuple(fields), tuple(scores), {k: mapping[k] for k in ("source", "country", "date_order") if k in mapping}
    )
