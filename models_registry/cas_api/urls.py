"""The addresses of the CAS. What is not here answers 404, on which clients fall back to what is."""

from django.http import HttpRequest, JsonResponse
from django.urls import path, register_converter
from django.urls.converters import StringConverter

from hub.error_responses import to_json_response
from hub.errors import NotFound
from models_registry.cas_api import views


class XetHash(StringConverter):
    """As `formats.merkle.hash_to_text` writes it."""

    regex = "[0-9a-f]{64}"


class Prefix(StringConverter):
    """Documented is `default-merkledb`, sent is `default`."""

    regex = "default(?:-merkledb)?"


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    return to_json_response(NotFound("The CAS has no such address."))


register_converter(XetHash, "xet_hash")
register_converter(Prefix, "xet_prefix")

urlpatterns = [
    path("v1/chunks/<xet_prefix:prefix>/<xet_hash:chunk_hash>", views.known_chunks),
    path("v1/xorb-grants/<xet_prefix:prefix>/<xet_hash:xorb_hash>", views.grant_xorb),
    path("v1/xorb-commits/<xet_prefix:prefix>/<xet_hash:xorb_hash>/grant/<uuid:grant_id>", views.commit_xorb),
    path("v1/xorbs/<xet_prefix:prefix>/<xet_hash:xorb_hash>", views.upload_xorb),
    path("v1/shards", views.register_shard),
    path("v2/shards", views.register_shard_with_progress),
    path("v1/reconstructions/<xet_hash:file_hash>", views.reconstruction),
    path("v2/reconstructions/<xet_hash:file_hash>", views.reconstruction_v2),
    path("v1/telemetry", views.telemetry),
    path("health/live", views.live),
]
handler404 = "models_registry.cas_api.urls.not_found"
