"""Pages are sent compressed to browsers that ask for it."""

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressPages(GZipMiddleware):
    """HTML alone: files are sent as they are, with ranges. What is secret in a page (the CSRF token) is masked anew in each
    answer, and Django pads answers by chance, so that their lengths tell nothing (BREACH)."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not response.get("Content-Type", "").startswith("text/html"):
            return response
        compressed: HttpResponseBase = super().process_response(request, response)
        return compressed
