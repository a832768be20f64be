"""Pages and answers made from several apps."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.errors import HubError
from models_registry import storage


def live(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "live"})


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
