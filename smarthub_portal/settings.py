import os
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF

from smarthub_portal.addresses import broker_address, embedded_database
from smarthub_portal.env import BASE_DIR, load
from smarthub_portal.logs import logging_config
from smarthub_portal.secret import kept_secret
from stack.state import read_state

env = load()
PORTAL_DATA_DIR = env.data_dir
_state = read_state(PORTAL_DATA_DIR)
ROLE = os.environ.get("PORTAL_ROLE", "command")  # web, worker, beat or command; `manage.py up` sets it

SECRET_KEY = env.SECRET_KEY or kept_secret(PORTAL_DATA_DIR / "secret_key")
DEBUG = env.DEBUG
PUBLIC_URL = env.public_url
ALLOWED_HOSTS = env.allowed_hosts
CSRF_TRUSTED_ORIGINS = env.csrf_trusted_origins
TRUSTED_PROXIES = env.TRUSTED_PROXIES

IS_SIMULATED = env.is_simulated
SMARTHUB_BASE_URL = env.SMARTHUB_BASE_URL or _state.carrier_url
SMARTHUB_API_KEY = env.SMARTHUB_API_KEY or _state.carrier_key
SMARTHUB_RATE_PER_MINUTE = env.SMARTHUB_RATE_PER_MINUTE
SMARTHUB_PAGE_SIZE = env.SMARTHUB_PAGE_SIZE
WEBHOOK_TOKEN_IS_SET = env.SMARTHUB_WEBHOOK_TOKEN is not None
SMARTHUB_WEBHOOK_TOKEN = env.SMARTHUB_WEBHOOK_TOKEN or kept_secret(PORTAL_DATA_DIR / "webhook_token")
SYNC_INTERVAL_MINUTES = env.SYNC_INTERVAL_MINUTES
BILLING_TIME_ZONE = env.BILLING_TIME_ZONE
BATCH_JOB_SIZE = env.BATCH_JOB_SIZE
JOB_HORIZON_HOURS = env.JOB_HORIZON_HOURS
PUSH_RETENTION_DAYS = env.PUSH_RETENTION_DAYS
PUSH_SILENCE_HOURS = env.PUSH_SILENCE_HOURS
PUSH_SIGNATURE_SECRET = env.PUSH_SIGNATURE_SECRET
PUSH_ADDRESSES = env.PUSH_ADDRESSES
SMS_RETENTION_DAYS = env.SMS_RETENTION_DAYS
SMS_PER_USER_HOUR = env.SMS_PER_USER_HOUR
SMS_TO_MANY_PER_USER_HOUR = env.SMS_TO_MANY_PER_USER_HOUR
SMS_PER_SIM_HOUR = env.SMS_PER_SIM_HOUR

INSTALLED_APPS = [
    "smarthub_portal",
    "notifications",
    "estate",
    "batches",
    "sms",
    "sims",
    "enterprise",
    "journal",
    "users",
    "toolkit",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
    "django_htmx",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "smarthub_portal.urls"
AUTH_USER_MODEL = "users.User"
LOGIN_URL = "users:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "users:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# Connections: long-lived processes share a pool, a command opens what it needs.
_database = env.DATABASE_URL or _state.database_url or embedded_database(PORTAL_DATA_DIR)
DATABASES: dict[str, dict[str, Any]] = {
    "default": dict(dj_database_url.parse(_database, conn_max_age=0, conn_health_checks=True))
}
_options = DATABASES["default"].setdefault("OPTIONS", {})
_options["connect_timeout"] = 5
if ROLE in ("web", "worker"):
    _options["pool"] = {"min_size": 1, "max_size": 10, "timeout": 10}
if ROLE == "web":
    # A page that takes longer is a bug, and must not hold one of ten connections meanwhile.
    _options["options"] = "-c statement_timeout=20s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"

REDIS_URL = env.REDIS_URL or _state.redis_url or f"unix://{PORTAL_DATA_DIR}/run/valkey.sock?db=0"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cache",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 5},
    }
}

CELERY_BROKER_URL = broker_address(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "socket_connect_timeout": 5, "socket_keepalive": True}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2, "interval_start": 0.1, "interval_max": 0.5}
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "sync"
CELERY_TASK_ROUTES = {
    "sims.tasks.work_export": {"queue": "batch"},
    "sims.tasks.work_tagging": {"queue": "batch"},
    "sims.tasks.work_operation": {"queue": "click"},
    "sims.tasks.settle_operations": {"queue": "click"},
    "sims.tasks.tend_operations": {"queue": "click"},
    "sims.tasks.*": {"queue": "sync"},
    "batches.tasks.*": {"queue": "batch"},
    "sms.tasks.send_prompt": {"queue": "click"},
    "sms.tasks.tend_messages": {"queue": "click"},
    "sms.tasks.ask_for_delivery": {"queue": "sync"},
    "sms.tasks.*": {"queue": "batch"},
    "notifications.tasks.watch_pushes": {"queue": "sync"},
    "notifications.tasks.*": {"queue": "push"},
    "estate.tasks.watch_home": {"queue": "click"},
    "estate.tasks.*": {"queue": "sync"},
    "enterprise.tasks.*": {"queue": "sync"},
}
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "tend-operations": {"task": "sims.tasks.tend_operations", "schedule": 5, "options": {"expires": 15}},
    "tend-syncs": {"task": "sims.tasks.tend_syncs", "schedule": 10},
    "tend-batches": {"task": "batches.tasks.tend_batches", "schedule": 5, "options": {"expires": 15}},
    "tend-taggings": {"task": "sims.tasks.tend_taggings", "schedule": 10},
    "fold-counts": {"task": "sims.tasks.fold_counts", "schedule": 30},
    "tend-exports": {"task": "sims.tasks.tend_exports", "schedule": 10},
    "drop-working-sets": {"task": "sims.tasks.drop_working_sets", "schedule": 6 * 3600},
    "keep-months": {"task": "sims.tasks.keep_months", "schedule": 6 * 3600},
    "tend-drifts": {"task": "estate.tasks.tend_drifts", "schedule": 10},
    "tend-roll-ups": {"task": "estate.tasks.tend_roll_ups", "schedule": 15},
    "watch-home": {"task": "estate.tasks.watch_home", "schedule": 10, "options": {"expires": 15}},
    "tend-messages": {"task": "sms.tasks.tend_messages", "schedule": 5},
    "adopt-messages": {"task": "sms.tasks.adopt_messages", "schedule": 60, "options": {"expires": 60}},
    "drop-old-messages": {"task": "sms.tasks.drop_old_messages", "schedule": 6 * 3600},
    "tend-pushes": {"task": "notifications.tasks.tend_pushes", "schedule": 5},
    "watch-pushes": {"task": "notifications.tasks.watch_pushes", "schedule": 10, "options": {"expires": 30}},
    "keep-push-months": {"task": "notifications.tasks.keep_push_months", "schedule": 6 * 3600},
    "keep-trigrams": {"task": "sims.tasks.keep_trigrams", "schedule": 60},
}
START_TASKS: tuple[str, ...] = (
    "sims.tasks.keep_months",
    "sims.tasks.tend_syncs",
    "notifications.tasks.keep_push_months",
)  # names of tasks queued at each start, before beat first comes round

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "smarthub_portal.context.portal",
            ],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
        },
    }
]

STATIC_URL = "/static/"
# What the pages use is all in ours; packages bring scripts that nobody asks for.
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(PORTAL_DATA_DIR) / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "smarthub_portal.storage.StaticStorage"},
}
SERVESTATIC_USE_ZSTD = False

# Nothing inline, nothing from elsewhere.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
SESSION_ENGINE = "users.sessions"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.is_https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if env.is_https else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LOGGING_CONFIG = None
logging_config(ROLE)
