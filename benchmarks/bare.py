"""The least that Django can do for a request: one indexed query by the ORM, one answer with a few headers."""

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path

django.setup()
settings.MIDDLEWARE = []
settings.ROOT_URLCONF = "benchmarks.bare"

from models_registry.models import Repository  # noqa: E402 - models exist once Django is set up


def view(request: HttpRequest, key: int) -> HttpResponse:
    repository = Repository.objects.get(pk=key)
    headers = {
        "Location": f"https://storage.example.org/{repository.pk}",
        "X-Repo-Commit": "0" * 40,
        "X-Linked-Etag": '"0"',
        "X-Linked-Size": "1",
        "ETag": '"0"',
        "Accept-Ranges": "bytes",
    }
    return HttpResponse(status=302, headers=headers)


urlpatterns = [path("<int:key>", view)]
application = WSGIHandler()
