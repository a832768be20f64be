"""Pages and answers made from several apps."""

from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import ActorRequest
from hub import condition
from hub.error_responses import to_json_response
from hub.errors import HubError, NotFound
from hub.wire import rate_limits
from models_registry import panels, storage
from models_registry.models import Kind, Repository
from models_registry.services.browsing import Filters, browse
from models_registry.web.usage import first_upload, quick_start

THEMES = {"light", "dark"}
A_YEAR = 365 * 24 * 3600
# Rows of the home page.
TRENDING = 8
NEWEST = 5
OWN = 6


@rate_limits.under(reads="")
def live(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "live"})


@rate_limits.under(reads="")
def ready(request: HttpRequest) -> HttpResponse:
    """The database and the storage answer too: this node may get requests."""
    problems = {}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM django_migrations LIMIT 1")
    except Exception as error:  # noqa: BLE001 - whatever the driver raises, the answer is the same
        problems["database"] = type(error).__name__
    try:
        storage.size_of("health")
    except HubError as error:
        problems["storage"] = str(error)
    return JsonResponse({"status": "unready" if problems else "ready", **problems}, status=503 if problems else 200)


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """What works and what does not, for everybody."""
    found = condition.parts()
    context = {
        "parts": [(part, condition.TITLES[part.key]) for part in found],
        "worst": condition.worst(found),
        "now": timezone.now(),
    }
    return render(request, "hub/status.html", context)


@require_safe
def home(request: ActorRequest) -> HttpResponse:
    visible = Repository.objects.visible_to(request.actor)
    models = visible.filter(kind=Kind.MODEL)
    tasks = (
        models.exclude(task="").order_by().values_list("task").annotate(count=Count("pk")).order_by("-count", "task")
    )
    trending = list(browse(models, Filters(sort="trending")).for_cards()[:TRENDING])
    context = {
        "hide_search": True,
        "model_count": models.count(),
        "tasks": [task for task, _count in tasks[:5]],
        "trending": trending,
        "panels": panels.panels("home", request),
        "talk": panels.panels("home-talk", request),
    }
    user = request.actor.user
    if user is None:
        datasets = browse(visible.filter(kind=Kind.DATASET), Filters(kind=Kind.DATASET, sort="newest"))
        open_to_all = (model.full_name for model in trending if not model.gated)
        example = next(open_to_all, "your-name/your-model")
        context |= {"datasets": datasets.for_cards()[:NEWEST], "usages": quick_start(example, "your-name")}
    else:
        writable = Repository.objects.writable_by(request.actor)
        context |= {
            "member": user,
            "own": writable.for_cards().order_by("-updated_at", "-pk")[:OWN],
            "own_panels": panels.panels("home-own", request),
            "feed": panels.panels("home-feed", request),
            "first_upload": first_upload(user.username, Kind.MODEL),
        }
    return render(request, "hub/home.html", context)


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Where browsers look before they have read a page."""
    return redirect(static("logo.svg"), permanent=False)


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Language and theme, kept in cookies: they belong to the browser, not to the account."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    response = redirect(target)
    language, theme = request.POST.get("language", ""), request.POST.get("theme")
    if language in dict(settings.LANGUAGES) and check_for_language(language):
        _remember(response, settings.LANGUAGE_COOKIE_NAME, language)
    if theme in THEMES:
        _remember(response, "theme", theme)
    elif theme is not None:
        response.delete_cookie("theme")
    return response


def _remember(response: HttpResponse, name: str, value: str) -> None:
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(name, value, max_age=A_YEAR, secure=secure, httponly=True, samesite="Lax")


@csrf_exempt
def no_such_api(request: HttpRequest, rest: str) -> HttpResponse:
    """JSON for programs, not the page that people get."""
    return to_json_response(NotFound(f"There is no API address /api/{rest}."))
