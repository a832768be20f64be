"""Every setting of the hub, read from the environment once (`.env.example` explains each name)."""

from datetime import timedelta
from pathlib import Path

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

from hub import env, sign_in_providers
from hub.wire import rate_policies

BASE_DIR = Path(__file__).resolve().parent.parent

DATA_DIR = env.path("HUB_DATA_DIR", BASE_DIR / "var")
env.defaults_from(DATA_DIR / "hub.env")  # of the embedded hub in this folder: manage.py in another shell means that one

DEBUG = env.boolean("HUB_DEBUG", False)
SECRET_KEY = env.text("HUB_SECRET_KEY", "insecure-development-key" if DEBUG else None)
BASE_URL = env.address("HUB_BASE_URL", "http://127.0.0.1:8000")
ALLOWED_HOSTS = env.names("HUB_ALLOWED_HOSTS", ("127.0.0.1", "localhost", "[::1]"))
CSRF_TRUSTED_ORIGINS = [BASE_URL]
TRUSTED_PROXIES = ALLAUTH_TRUSTED_PROXY_COUNT = env.integer("HUB_TRUSTED_PROXIES", 0)
REGISTRATION = env.choice("HUB_REGISTRATION", ("open", "invitation", "closed"), "open")
# Who may invite strangers to the hub where registration is by invitation; admins of organisations always may, to theirs.
INVITING = env.choice("HUB_INVITING", ("members", "staff"), "members")
# How often members and visitors may ask, by kind of request: {} is as often as they like.
RATE_LIMITS = env.parsed("HUB_RATE_LIMITS", rate_policies.parsed)
# What judges whether a text is spam, by its dotted name. Empty: nothing does.
SPAM_CHECK = env.text("HUB_SPAM_CHECK", "models_registry.community.services.moderation.spam.simple")
# How long nobody else can have the name of what was renamed or deleted; how many organisations a member founds in a day.
NAME_HOLD = timedelta(days=env.integer("HUB_NAME_HOLD_DAYS", 90))
ORGANIZATIONS_A_DAY = env.integer("HUB_ORGANIZATIONS_A_DAY", 5)

# Servers beside the site: chunk-level storage (Xet) and plain bytes, each on an origin of its own.
CAS_URL = env.address("HUB_CAS_URL", "http://127.0.0.1:8001")
CONTENT_URL = env.address("HUB_CONTENT_URL", "http://127.0.0.1:8002")
# How long a token for the CAS is good. Clients ask for a new one half a minute before it ends.
XET_TOKEN_SECONDS = env.integer("HUB_XET_TOKEN_SECONDS", 3600)
# Whether files in chunks that are asked for much get a plain copy, to which downloads are led; and how much copies take.
XET_CONVERSION = env.choice("HUB_XET_CONVERSION", ("always", "never"), "always")
PLAIN_COPY = env.choice("HUB_PLAIN_COPY", ("never", "hot"), "never")
PLAIN_COPY_BYTES = env.integer("HUB_PLAIN_COPY_GB", 100) * 10**9
# What is not needed any more is removed after so many days; until then it can be fetched back.
GARBAGE_GRACE = timedelta(days=env.integer("HUB_GARBAGE_GRACE_DAYS", 7))
# Copies of git objects on this node's disk, which git reads: they may vanish at any time.
GIT_CACHE_DIR = DATA_DIR / "git"
GIT_CACHE_BYTES = env.integer("HUB_GIT_CACHE_GB", 10) * 10**9
# Evaluations: the classes of workers there are (queues eval.<class>), and each worker's cache of models.
HARDWARE_CLASSES = env.names("HUB_HARDWARE_CLASSES", ("cpu",))
# Whether workers measure speeds, too; and the GPU of a worker of another class than cpu: cuda (all that it sees) or cuda:i.
MEASURE_SPEED = env.boolean("HUB_MEASURE_SPEED", True)
GPU = env.choice("HUB_GPU", ("cuda", *(f"cuda:{index}" for index in range(16))), "cuda")
MODEL_CACHE_BYTES = env.integer("HUB_MODEL_CACHE_GB", 20) * 10**9
# The organisation whose dataset repositories hold the inputs of the suites; made with the first of them.
SUITE_NAMESPACE = env.text("HUB_SUITE_NAMESPACE", "grove")
# ClamAV's daemon, which looks at every file if there is one: tcp://host:port or unix:///path. Empty: nobody does.
CLAMD = env.scanner("HUB_CLAMD")
# Whether members' webhooks may lead into private networks, and how many threads of one worker send to them at once.
WEBHOOK_PRIVATE_ADDRESSES = env.choice("HUB_WEBHOOK_PRIVATE_ADDRESSES", ("refuse", "allow"), "refuse")
WEBHOOK_SENDERS = max(env.integer("HUB_WEBHOOK_SENDERS", 1), 1)
SANDBOX = env.choice("HUB_SANDBOX", ("auto", "bwrap", "container", "none"), "auto")

S3_ENDPOINT_URL = env.address("S3_ENDPOINT_URL", "http://127.0.0.1:9000")
S3_PUBLIC_ENDPOINT_URL = env.address("S3_PUBLIC_ENDPOINT_URL", S3_ENDPOINT_URL)
S3_BUCKET = env.text("S3_BUCKET", "grove")
S3_REGION = env.text("S3_REGION", "us-east-1")
S3_ACCESS_KEY_ID = env.text("S3_ACCESS_KEY_ID", "grove-development")
S3_SECRET_ACCESS_KEY = env.text("S3_SECRET_ACCESS_KEY", "grove-development-secret")

# Other sites at which members may sign in, by the name of django-allauth's module for each.
SIGN_IN_PROVIDERS = sign_in_providers.configured()

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",  # look-ups by likeness and by words of long texts; does nothing on SQLite
    "django.contrib.sitemaps",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    *(f"allauth.socialaccount.providers.{name}" for name in SIGN_IN_PROVIDERS),
    "rest_framework",
    "drf_spectacular",
    "django_countries",
    "hub.jobs",
    "accounts",
    "models_registry",
    "models_registry.community",
    "evaluations",
]

MIDDLEWARE = [
    "hub.wire.request_id.RequestIdMiddleware",
    "hub.wire.hygiene.RefuseControlCharacters",
    "hub.wire.compression.CompressPages",
    "django.middleware.security.SecurityMiddleware",
    "hub.content_security.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "hub.wire.forms.RefuseUnusableForms",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.authentication.ActorMiddleware",
    "hub.wire.rate_limits.RateLimitMiddleware",
    "accounts.authentication.SessionActivityMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "hub.error_responses.ErrorPages",
]
# The chain for requests to the API that carry no session (`hub.wsgi`).
MIDDLEWARE_FOR_PROGRAMS = [
    "hub.wire.request_id.RequestIdMiddleware",
    "hub.wire.language.SpeakEnglish",
    "hub.wire.hygiene.RefuseControlCharacters",
    "django.middleware.security.SecurityMiddleware",
    "accounts.authentication.ActorMiddleware",
    "hub.wire.rate_limits.RateLimitMiddleware",
]

ROOT_URLCONF = "hub.urls"
WSGI_APPLICATION = "hub.wsgi.application"
APPEND_SLASH = False  # Hub clients send no trailing slash, and follow no redirect that adds one
PREPEND_WWW = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["hub.templatetags.grove"],
        },
    },
]

DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'grove.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # A deferred transaction that turns to writing fails at once: take the write lock at its start, and wait for it.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
    # A file for tests too: SQLite in memory knows no WAL, and locks whole tables.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
DATABASES["default"]["CONN_MAX_AGE"] = 600
DATABASES["default"]["CONN_HEALTH_CHECKS"] = DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": env.cache("CACHE_URL", "locmemcache://")}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = env.choice("HUB_EMAIL_VERIFICATION", ("mandatory", "optional", "none"), "optional")
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_CHANGE_EMAIL = True  # a new address replaces the old one when it is confirmed, not before
ACCOUNT_EMAIL_NOTIFICATIONS = True  # the old address, too, hears of what was changed
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # asked again, after some minutes, before what could lock the member out
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Grove] "
ACCOUNT_RATE_LIMITS = {"change_password": "10/h/user", "manage_email": "10/h/user", "reauthenticate": "20/10m/user"}

MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Grove"
MFA_TOTP_TOLERANCE = 1  # a clock may be half a minute off
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_ALLOW_UNVERIFIED_EMAIL = ACCOUNT_EMAIL_VERIFICATION != "mandatory"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = BASE_URL.startswith("http://")  # browsers themselves allow it at localhost alone
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
# Whether the administration opens only to those who have set up a second factor.
STAFF_NEEDS_TWO_FACTORS = env.boolean("HUB_STAFF_NEEDS_TWO_FACTORS", False)

SOCIALACCOUNT_ADAPTER = "accounts.adapter.OtherSiteAdapter"
SOCIALACCOUNT_PROVIDERS = SIGN_IN_PROVIDERS
SOCIALACCOUNT_AUTO_SIGNUP = False  # a new member chooses their name here
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # what another site says of an address opens no account of that address
SOCIALACCOUNT_EMAIL_REQUIRED = True
SOCIALACCOUNT_STORE_TOKENS = False

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BASE_URL.startswith("https://")
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "hub.error_responses.to_api_response",
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "hub.wire.describing.HubSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Grove",
    "DESCRIPTION": "What the stock `huggingface_hub` client speaks, git-LFS, Xet, and the hub's own evaluations.",
    "VERSION": "1",
    "LICENSE": {"name": "Apache-2.0"},
    "DEFAULT_GENERATOR_CLASS": "hub.schema.Generator",
    "POSTPROCESSING_HOOKS": [],  # no names of their own for lists of choices
    "PATH_CONVERTER_OVERRIDES": {
        "plural": {"type": "string", "enum": ["models", "datasets"]},
        "xet_hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "xet_prefix": {"type": "string", "enum": ["default", "default-merkledb"]},
    },
}

# Commit bodies hold hundreds of MB and are read by the line, never as a whole: see hub.wire.body.
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

# The broker only wakes workers. The filesystem broker needs no server: one folder, in and out.
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", "filesystem://")
if CELERY_BROKER_URL.startswith("filesystem://"):
    _QUEUE = DATA_DIR / "queue"
    _CONTROL = DATA_DIR / "queue-control"
    for _folder in (_QUEUE, _CONTROL):
        _folder.mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_QUEUE),
        "data_folder_out": str(_QUEUE),
        "control_folder": str(_CONTROL),
        "store_processed": False,
        "polling_interval": 0.05,
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "io"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep-jobs": {"task": "hub.jobs.sweep", "schedule": timedelta(seconds=30), "options": {"queue": "io"}},
    "rank-boards": {"task": "evaluations.rank_all", "schedule": timedelta(minutes=10), "options": {"queue": "io"}},
    "sweep-runs": {"task": "evaluations.sweep", "schedule": timedelta(seconds=30), "options": {"queue": "io"}},
    "index-facets": {
        "task": "models_registry.index_facets",
        "schedule": timedelta(minutes=1),
        "options": {"queue": "io"},
    },
    "refresh-counters": {
        "task": "models_registry.refresh_counters",
        "schedule": timedelta(minutes=10),
        "options": {"queue": "io"},
    },
    "sweep-uploads": {
        "task": "models_registry.sweep_uploads",
        "schedule": timedelta(minutes=10),
        "options": {"queue": "io"},
    },
    "look-for-hot-files": {
        "task": "models_registry.look_for_hot_files",
        "schedule": timedelta(minutes=10),
        "options": {"queue": "io"},
    },
    "look-for-plain-content": {
        "task": "models_registry.look_for_plain_content",
        "schedule": timedelta(hours=1),
        "options": {"queue": "io"},
    },
    "rescan": {
        "task": "models_registry.rescan",
        "schedule": timedelta(hours=1),
        "options": {"queue": "io"},
    },
    "sweep-deliveries": {
        "task": "community.sweep_deliveries",
        "schedule": timedelta(seconds=30),
        "options": {"queue": "io"},
    },
    "prune-deliveries": {
        "task": "community.prune_deliveries",
        "schedule": timedelta(hours=6),
        "options": {"queue": "io"},
    },
    "sweep-pictures": {
        "task": "community.sweep_pictures",
        "schedule": timedelta(hours=1),
        "options": {"queue": "io"},
    },
    "send-digests": {
        "task": "community.send_digests",
        "schedule": timedelta(minutes=30),
        "options": {"queue": "io"},
    },
    "forget-old-news": {
        "task": "community.forget_old_news",
        "schedule": timedelta(hours=24),
        "options": {"queue": "io"},
    },
    "collect-garbage": {
        "task": "models_registry.collect_garbage",
        "schedule": timedelta(minutes=30),
        "options": {"queue": "io"},
    },
}

UNFOLD = {
    "SITE_TITLE": _("Grove administration"),
    "SITE_HEADER": "Grove",
    "SITE_URL": "/",
    "SITE_ICON": lambda _request: static("logo.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("logo.svg")}],
    "SHOW_VIEW_ON_SITE": True,
    "DASHBOARD_CALLBACK": "hub.dashboard.fill",
    "SIDEBAR": {"navigation": "hub.dashboard.navigation"},
    "STYLES": [lambda _request: static("css/administration.css")],
    "COLORS": {
        # The green of static/css/tokens.css, from pale to deep.
        "primary": {
            "50": "#eef7f1", "100": "#e6f3eb", "200": "#c9e3d4", "300": "#a5d0b8", "400": "#66c997", "500": "#2f9162",
            "600": "#17734a", "700": "#0f5837", "800": "#0d472d", "900": "#0b3a25", "950": "#07170e",
        },
    },
}  # fmt: skip

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", _("简体中文"))]
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "accounts" / "wording"]  # the second: other words for what allauth says
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Collected (manage.py collectstatic), files have their digest in their name and a compressed twin, and browsers keep them
# for ever; otherwise they are served as they lie.
STATIC_COLLECTED = env.boolean("HUB_STATIC_COLLECTED", False)
WHITENOISE_USE_FINDERS = not STATIC_COLLECTED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "hub.static_files.CollectedFiles"
        if STATIC_COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

globals().update(env.email("EMAIL_URL", "consolemail://"))
# From this hour on (UTC), the day's digest of notifications is sent.
DIGEST_HOUR = env.integer("HUB_DIGEST_HOUR", 6)
DEFAULT_FROM_EMAIL = env.text("HUB_FROM_EMAIL", "Grove <grove@localhost>")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "hub.wire.request_id.RequestIdFilter"}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": env.text("HUB_LOG_LEVEL", "INFO")},
    # A 404 is everyday: clients probe for optional files.
    "loggers": {"django.server": {"level": "WARNING"}, "django.request": {"level": "ERROR"}},
}
