"""The shape of a published snapshot: what the directory writes and the bot reads. Public fields only.

A snapshot is one read-only SQLite file. The directory (`directory/publish.py`) fills it from published records, the
bot (`bot/lookup/snapshot.py`) opens it. No exact place of a confidential service is ever in it: `site.address`,
`site.lat` and `site.lon` are NULL unless `visibility` is `public`; an `area_only` site carries the centre of its city.

Conventions: ids are text and stable over publications; booleans are 0/1; dates are ISO `YYYY-MM-DD`; times are
minutes after local midnight; lists are JSON arrays; languages are Waypost's codes; countries are ISO 3166-1 alpha-2.
"""

from __future__ import annotations

__all__ = ["DDL", "SCHEMA_VERSION"]

SCHEMA_VERSION = 2

DDL = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- keys: schema_version, publication (id), published_at (ISO, UTC), sample ("1" if any sample record is in it),
-- countries (JSON list of countries with services), services (count), digest (SHA-256 over the rows, see snapshot.py)

CREATE TABLE organisation (
  id TEXT PRIMARY KEY, name TEXT NOT NULL,
  kind TEXT NOT NULL,                 -- ngo un red_cross state faith community legal
  website TEXT
) WITHOUT ROWID;

CREATE TABLE service (
  id TEXT PRIMARY KEY,
  organisation_id TEXT NOT NULL REFERENCES organisation(id),
  paused INTEGER NOT NULL DEFAULT 0,  -- temporarily closed: keeps its hours, is shown as closed
  delivery TEXT NOT NULL,             -- place phone online mobile
  urgency TEXT NOT NULL,              -- emergency routine
  papers TEXT NOT NULL,               -- none_needed any_id status_required unknown
  shares_data TEXT NOT NULL,          -- with authorities: no yes unknown
  genders TEXT NOT NULL,              -- any women men
  min_age INTEGER, max_age INTEGER,
  audiences TEXT NOT NULL,            -- JSON of unaccompanied_child family pregnant gbv_survivor trafficking_survivor disability lgbtqi
  nationalities TEXT NOT NULL,        -- JSON of countries, [] = everybody
  cost TEXT NOT NULL,                 -- free low paid unknown
  booking TEXT NOT NULL,              -- walk_in call_first appointment referral_only
  serves_countries TEXT NOT NULL,     -- JSON; phone and online services answer people in these countries
  operator_type TEXT NOT NULL,        -- rcrc un ngo health government police immigration_authority
  must_report TEXT NOT NULL,          -- none child danger all unknown: what the operator has to tell authorities
  verified_on TEXT NOT NULL,          -- last time that somebody checked it
  review_due TEXT NOT NULL,           -- staff should check it again on this day
  hidden_after TEXT NOT NULL,         -- not shown after this day (three review periods)
  source TEXT NOT NULL,
  sample INTEGER NOT NULL DEFAULT 0,
  reported INTEGER NOT NULL DEFAULT 0 -- several people said that something here is wrong, and staff have not settled it yet
) WITHOUT ROWID;

CREATE TABLE former_service (         -- ids of services that were merged into others, for links and buttons that still carry them
  id TEXT PRIMARY KEY, service_id TEXT NOT NULL REFERENCES service(id)) WITHOUT ROWID;

CREATE TABLE service_category (category TEXT NOT NULL, service_id TEXT NOT NULL REFERENCES service(id),
  PRIMARY KEY (category, service_id)) WITHOUT ROWID;

CREATE TABLE service_text (
  service_id TEXT NOT NULL REFERENCES service(id), lang TEXT NOT NULL,
  name TEXT NOT NULL, short_text TEXT NOT NULL DEFAULT '', how_to_get_help TEXT NOT NULL DEFAULT '',
  what_to_bring TEXT NOT NULL DEFAULT '', eligibility_text TEXT NOT NULL DEFAULT '', cost_note TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL,                -- approved needs_review machine draft outdated machine_outdated
  PRIMARY KEY (service_id, lang)) WITHOUT ROWID;

CREATE TABLE spoken_language (service_id TEXT NOT NULL REFERENCES service(id), lang TEXT NOT NULL,
  via_interpreter INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (service_id, lang)) WITHOUT ROWID;
-- lang: an ISO 639-1/3 code, also of languages that Waypost does not speak (el, it, sr ...)

CREATE TABLE site (                   -- a service at a place
  id TEXT PRIMARY KEY, service_id TEXT NOT NULL REFERENCES service(id),
  visibility TEXT NOT NULL,           -- public area_only (contact_only services have no site, only an area)
  name TEXT NOT NULL DEFAULT '', address TEXT, city TEXT NOT NULL, admin1 TEXT NOT NULL DEFAULT '', postcode TEXT,
  country TEXT NOT NULL, lat REAL NOT NULL, lon REAL NOT NULL, tz TEXT NOT NULL,
  transport TEXT NOT NULL DEFAULT '', wheelchair TEXT NOT NULL DEFAULT 'unknown'   -- yes no unknown
) WITHOUT ROWID;
CREATE INDEX site_lat_lon ON site (lat, lon);
CREATE INDEX site_service ON site (service_id);

CREATE TABLE service_area (           -- where people can use a service that has no public place (phone, online, contact_only)
  service_id TEXT NOT NULL REFERENCES service(id), kind TEXT NOT NULL,             -- country place
  country TEXT NOT NULL, name TEXT NOT NULL, lat REAL, lon REAL, radius_km REAL,   -- of a place: its centre
  tz TEXT NOT NULL,
  PRIMARY KEY (service_id, kind, country, name)) WITHOUT ROWID;
CREATE INDEX service_area_country ON service_area (country);

CREATE TABLE contact_point (
  id TEXT PRIMARY KEY, service_id TEXT NOT NULL REFERENCES service(id), position INTEGER NOT NULL,
  kind TEXT NOT NULL,                 -- phone sms whatsapp telegram signal email web
  value TEXT NOT NULL,                -- E.164, short code, address or link
  languages TEXT NOT NULL DEFAULT '[]', toll_free INTEGER, reachable_from_abroad INTEGER, verified_on TEXT
) WITHOUT ROWID;
CREATE INDEX contact_point_service ON contact_point (service_id);

CREATE TABLE opening (                -- weekly hours; none at all means that the hours are not known
  service_id TEXT NOT NULL REFERENCES service(id), weekday INTEGER NOT NULL,       -- Monday = 0
  opens INTEGER NOT NULL, closes INTEGER NOT NULL,  -- closes > 1440 runs past midnight; 0..1440 is the whole day
  appointment_only INTEGER NOT NULL DEFAULT 0, valid_from TEXT, valid_to TEXT);
CREATE INDEX opening_service ON opening (service_id);

CREATE TABLE opening_exception (      -- this date only, instead of the weekly hours; NULL times: closed
  service_id TEXT NOT NULL REFERENCES service(id), date TEXT NOT NULL, opens INTEGER, closes INTEGER);
CREATE INDEX opening_exception_service ON opening_exception (service_id);

CREATE TABLE article (
  id TEXT PRIMARY KEY, topic TEXT NOT NULL,         -- an info_* intent
  country TEXT NOT NULL,                            -- '' = general
  adviser_category TEXT NOT NULL DEFAULT '',        -- who can advise: a category to offer below the text
  source_name TEXT NOT NULL, source_url TEXT NOT NULL, checked_on TEXT NOT NULL, review_due TEXT NOT NULL,
  sample INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX article_topic ON article (topic, country);
CREATE TABLE article_text (article_id TEXT NOT NULL REFERENCES article(id), lang TEXT NOT NULL,
  title TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (article_id, lang)) WITHOUT ROWID;

CREATE TABLE emergency_number (
  id TEXT PRIMARY KEY,
  country TEXT NOT NULL,              -- '' = any GSM network (the standard's own 112)
  kind TEXT NOT NULL,                 -- general police ambulance fire sea child gbv trafficking self_harm detention
  number TEXT NOT NULL, dialable_from TEXT NOT NULL,  -- JSON of countries; [] = only inside the country
  operator TEXT NOT NULL DEFAULT '', operator_type TEXT NOT NULL DEFAULT '', must_report TEXT NOT NULL DEFAULT 'unknown',
  free INTEGER, without_sim INTEGER, hours TEXT NOT NULL DEFAULT '', languages TEXT NOT NULL DEFAULT '[]',
  source TEXT NOT NULL, source_date TEXT NOT NULL,
  verified_on TEXT,                   -- NULL: not yet verified by staff, and said so
  expires_on TEXT) WITHOUT ROWID;
CREATE INDEX emergency_country ON emergency_number (country, kind);

CREATE TABLE place_alias (            -- names that staff know and GeoNames does not: islands, camps, squares, nicknames
  name TEXT NOT NULL, lang TEXT NOT NULL DEFAULT '',  -- as people write it; the reader normalises
  label TEXT NOT NULL,                -- said back to the person
  country TEXT NOT NULL, lat REAL NOT NULL, lon REAL NOT NULL, radius_km REAL NOT NULL DEFAULT 10);

CREATE TABLE allowed_host (host TEXT PRIMARY KEY) WITHOUT ROWID;   -- links that may be sent
"""
