"""Settings, all from the environment. What production needs and does not find stops the start, never weakens it.

YIPANQI_HOME        folder of the record: database (without DATABASE_URL), files, keys. Default ``~/.yipanqi``.
DATABASE_URL        PostgreSQL; without it SQLite in YIPANQI_HOME.
YIPANQI_SECRET      secret of sessions and forms; in production at least 50 characters, from the environment only.
YIPANQI_HOSTS       host names the pages are served under, separated by commas. Naming any makes it production.
YIPANQI_NOW         the demo's fixed instant (ISO, Asia/Shanghai); refused in production.
YIPANQI_LANGUAGE    ``zh-hans`` (default) or ``en``: of those who have not chosen.
"""

import os
import secrets
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

BASE = Path(__file__).resolve().parent
HOME = Path(os.environ.get("YIPANQI_HOME", "~/.yipanqi")).expanduser()
HOSTS = [host.strip() for host in os.environ.get("YIPANQI_HOSTS", "").split(",") if host.strip()]
PRODUCTION = bool(HOSTS)
SHANGHAI = ZoneInfo("Asia/Shanghai")

DEBUG = False
ALLOWED_HOSTS = HOSTS or ["127.0.0.1", "localhost", "[::1]", "testserver"]
ROOT_URLCONF = "yipanqi_web.urls"
WSGI_APPLICATION = "yipanqi_web.wsgi.application"
FILE_UPLOAD_HANDLERS = [
    "yipanqi_web.exchange.quota.Quota",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _secret() -> str:
    given = os.environ.get("YIPANQI_SECRET", "")
    if PRODUCTION and len(given) < 50:
        raise ImproperlyConfigured("YIPANQI_SECRET is missing or shorter than 50 characters")
    # Without a secret of its own a demo forgets its sessions when it ends.
    return given or secrets.token_urlsafe(64)


def _fixed_now() -> datetime | None:
    given = os.environ.get("YIPANQI_NOW")
    if given is None:
        return None
    if PRODUCTION:
        raise ImproperlyConfigured("YIPANQI_NOW fixes the clock of a demo; it is refused where YIPANQI_HOSTS is set")
    return datetime.fromisoformat(given).replace(tzinfo=SHANGHAI)


SECRET_KEY = _secret()
FIXED_NOW = _fixed_now()

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_tasks",
    "django_tasks_db",
    "yipanqi_web.accounts",
    "yipanqi_web.records",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["yipanqi_web.pages.words"],
        },
    }
]


def _database() -> dict[str, object]:
    if url := os.environ.get("DATABASE_URL"):
        return {**dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True)}
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": HOME / "record.sqlite3",
        # A file, not memory: the tests meet the locks that an installation meets.
        "TEST": {"NAME": HOME / "test.sqlite3"},
        "OPTIONS": {
            # A write takes its lock at once and waits for it; deferred, it fails when two meet.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # FULL: a write that was acknowledged outlives a crash.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        },
    }


DATABASES = {"default": _database()}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

LANGUAGE_CODE = os.environ.get("YIPANQI_LANGUAGE", "zh-hans")
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [BASE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE / "static"]
# Served from where they lie, with the program: nothing is collected, nothing can be forgotten.
WHITENOISE_USE_FINDERS = True

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "board"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in {
        "UserAttributeSimilarityValidator": {},
        "MinimumLengthValidator": {"min_length": 10},
        "CommonPasswordValidator": {},
        "NumericPasswordValidator": {},
    }.items()
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_RESET_ON_SUCCESS = True
# axes.W006: a government network shows one address for a whole building: locking by address would lock everybody out.
# security.W005, W021: what stands on other hosts of the domain, and browsers' lists, are the operator's word, not ours.
SILENCED_SYSTEM_CHECKS = ["axes.W006", "security.W005", "security.W021"]

SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION and os.environ.get("YIPANQI_TLS", "on") != "off"
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "worker-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}
