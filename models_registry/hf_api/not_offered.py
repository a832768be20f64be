"""What Hub clients may ask for and this hub has not: each address answers 501 and a sentence, never a page."""

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from hub.error_responses import answers_in_json
from hub.errors import NotOffered
from models_registry.hf_api.addressing import COLLECTION, REPOSITORY

_SPACES = "This hub holds models and datasets, no Spaces: it runs nobody's applications."
_KERNELS = "This hub holds models and datasets, no kernels."
_BUCKETS = "This hub holds models and datasets, no buckets."
_JOBS = "This hub runs no jobs but evaluations: see /api/evaluations."
_INFERENCE = "This hub serves no models for inference: download them, and run them yourself."
_PAPERS = "This hub lists no papers."
_VIEWER = "This hub does not convert or show the rows of datasets: download their files."
_LEADERBOARD = "Leaderboards of this hub are by suite: see /api/leaderboards."
_GROUPS = "This hub has no resource groups."

# {address: what is said there}. One that ends in a slash stands for all below it, too.
_ADDRESSES = {
    "api/spaces/": _SPACES,
    "spaces/<str:namespace>/<str:name>/": _SPACES,
    "api/kernels/": _KERNELS,
    "kernels/<str:namespace>/<str:name>/": _KERNELS,
    "api/buckets/": _BUCKETS,
    "buckets/<str:namespace>/<str:name>/": _BUCKETS,
    "api/jobs/": _JOBS,
    "api/scheduled-jobs/": _JOBS,
    "api/sandboxes/": _JOBS,
    "api/tasks": _INFERENCE,
    "api/endpoints/": _INFERENCE,
    "api/inference-proxy/": _INFERENCE,
    "api/partners/": _INFERENCE,
    "v2/endpoint/": _INFERENCE,
    "v2/provider/": _INFERENCE,
    "api/papers/": _PAPERS,
    "api/daily_papers": _PAPERS,
    "papers/": _PAPERS,
    f"{REPOSITORY}/leaderboard": _LEADERBOARD,
    f"{REPOSITORY}/parquet/": _VIEWER,
    f"{REPOSITORY}/resource-group": _GROUPS,
    f"{COLLECTION}/resource-group": _GROUPS,
    f"{REPOSITORY}/scan": "This hub scans every commit by itself.",
}


@csrf_exempt  # nothing happens, whoever asks
@answers_in_json
def refuse(request: HttpRequest, *, sentence: str, **_address: str) -> HttpResponseBase:
    """Whatever the method, and before anybody looks whether there is such a repository."""
    raise NotOffered(sentence)


def _patterns() -> list[URLPattern]:
    patterns = []
    for address, sentence in _ADDRESSES.items():
        patterns.append(path(address.rstrip("/"), refuse, {"sentence": sentence}))
        if address.endswith("/"):
            patterns.append(path(f"{address}<path:rest>", refuse, {"sentence": sentence}))
    return patterns


urlpatterns = _patterns()
