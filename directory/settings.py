"""Django's settings of the directory. Paths, ports and modes come from `bot.settings`; what only Django needs is read here.

Environment (see docs/settings.md):
  WAYPOST_DEBUG=1                    Django's debug pages; never in production
  WAYPOST_DIRECTORY_DATABASE_URL     postgresql://user:password@host:port/name; needs the package psycopg
  WAYPOST_DIRECTORY_SECRET_KEY       signing key; else <var>/directory.key, made at first use
  WAYPOST_DIRECTORY_HOSTS            host names that it answers to, divided by commas; default: this machine only
  WAYPOST_DIRECTORY_HTTPS=1|0        cookies only over TLS, HSTS; default: 1 if any other host is named
  WAYPOST_DIRECTORY_MAIL_URL         smtp://user:password@host:587; else letters lie as files in <var>/mail
  WAYPOST_DIRECTORY_MAIL_FROM        the sender of invitations and reminders
  WAYPOST_DIRECTORY_URL              the address under which staff reach the directory, for links in letters
  WAYPOST_DIRECTORY_TWO_FACTOR       required|optional: whether everybody needs a second factor; default: required, in a demo optional
  WAYPOST_MAP_TILES                  address of map tiles, https://tiles.example.org/{z}/{x}/{y}.png; empty: none (docs/map.md)
  WAYPOST_MAP_CREDIT                 who is to be named on a map with tiles
  WAYPOST_MACHINE_TEXTS=0|1          texts that a machine translated go out, labelled (default: 1)
  WAYPOST_HSDS_RATE=120/min          requests to the HSDS API that one network address may make (docs/hsds.md)
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from bot.settings import settings as waypost
from directory.environment import choice, database, flag, mail, secret_key
from directory.hsds.rates import rate

_settings = waypost()
ROOT = Path(__file__).resolve().parent.parent
VAR = _settings.path("var")
VAR.mkdir(parents=True, exist_ok=True)

SNAPSHOT = _settings.path("snapshot")
"""Where publishing puts the snapshot that the bot reads."""
SAMPLE_DATA = ROOT / "data" / "directory"
PRODUCTION = _settings.production
DEMO = _settings.demo and not PRODUCTION
"""Whether loading the sample directory makes the demo user."""

_LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = [h.strip() for h in os.environ.get("WAYPOST_DIRECTORY_HOSTS", "").split(",") if h.strip()] or _LOOPBACK
HTTPS = flag("WAYPOST_DIRECTORY_HTTPS", default=not set(ALLOWED_HOSTS) <= set(_LOOPBACK))
DEBUG = flag("WAYPOST_DEBUG", default=False) and not PRODUCTION
SECRET_KEY = secret_key(VAR / "directory.key")

INSTALLED_APPS = [
    "directory.apps.DirectoryConfig",
    "directory.apps.WaypostAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "simple_history",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "directory.middleware.StaticFiles",
    "directory.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "directory.accounts.middleware.IdleTime",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "directory.urls"
WSGI_APPLICATION = "directory.wsgi.application"
ASGI_APPLICATION = "directory.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": database(os.environ.get("WAYPOST_DIRECTORY_DATABASE_URL", ""), VAR / "directory.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "directory.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
TWO_FACTOR_REQUIRED = (
    choice("WAYPOST_DIRECTORY_TWO_FACTOR", ("required", "optional"), default="optional" if DEMO else "required")
    == "required"
)
"""Whether everybody logs in with a code as well; somebody who has set one up always does."""
OTP_TOTP_ISSUER = "Waypost"
PASSWORD_RESET_TIMEOUT = 4 * 3600
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_CALLABLE = "directory.accounts.lockout.username"
AXES_CLIENT_IP_CALLABLE = "directory.accounts.lockout.address"
AXES_LOCKOUT_CALLABLE = "directory.accounts.lockout.locked"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "csrfmiddlewaretoken"]
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True
LOGIN_URL = "admin:login"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_NAME = "waypost_directory"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "waypost_directory_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if host not in (*_LOOPBACK, "*")]

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = ["^healthz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

globals().update(mail(os.environ.get("WAYPOST_DIRECTORY_MAIL_URL", ""), VAR / "mail"))
DEFAULT_FROM_EMAIL = os.environ.get("WAYPOST_DIRECTORY_MAIL_FROM", "waypost@localhost")
SITE_URL = os.environ.get("WAYPOST_DIRECTORY_URL", f"http://127.0.0.1:{_settings.directory_port}").rstrip("/")
"""Links in letters begin with it."""

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French")), ("es", _("Spanish")), ("ar", _("Arabic"))]
LOCALE_PATHS = [Path(__file__).resolve().parent / "locale"]
LANGUAGE_COOKIE_NAME = "waypost_directory_language"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = not any(STATIC_ROOT.iterdir())
"""Before `collectstatic` the files are served from where they lie: slower to start, same result."""
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

MAP_TILES = os.environ.get("WAYPOST_MAP_TILES", "").strip()
MAP_CREDIT = os.environ.get("WAYPOST_MAP_CREDIT", "").strip()
MACHINE_TEXTS = flag("WAYPOST_MACHINE_TEXTS", default=True)
"""Whether texts of services and articles that a machine translated go out, labelled as such."""

HSDS_RATE = rate(os.environ.get("WAYPOST_HSDS_RATE", "120/min"))
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
    "NUM_PROXIES": 1 if HTTPS else 0,
}
"""Over TLS there is a proxy in front, which adds the address of the reader as the last one of X-Forwarded-For."""
SPECTACULAR_SETTINGS = {
    "TITLE": "Waypost: the directory as HSDS",
    "VERSION": "3.0",
    "DESCRIPTION": "Open Referral's Human Services Data Specification 3.0, read-only: what is published and public.",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": _settings.log_level},
    "loggers": {"django.server": {"handlers": ["stderr"], "propagate": False}, "axes": {"level": "WARNING"}},
}
