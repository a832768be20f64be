"""The styles of the site: a file for each component where they lie, one file of all where they are collected."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Later ones win.
COMPONENTS = (
    "tokens base header search menu footer avatar facts data tags section messages forms command choice stats grid empty"
    " repositories comparing facets repository gate licence files source viewer changes editor references card card-editor"
    " upload discussions timeline composer prose highlight run scores charts settings moderation namespace webhooks home"
    " buttons collections notifications"
).split()
STYLES = ["vendor/bootstrap.min.css", *(f"css/{component}.css" for component in COMPONENTS)]
ALL_STYLES = "css/all.css"


class CollectedFiles(CompressedManifestStaticFilesStorage):
    """As WhiteNoise has it, and ALL_STYLES: fifty requests would hold up the first page on a slow line.

    Modules import one another by their names with digests, so that an old one never meets a new one.
    """

    support_js_module_import_aggregation = True

    def post_process(self, paths: dict[str, Any], *arguments: Any, **options: Any) -> Iterator[Any]:
        """Called by collectstatic, once everything is copied. Raises FileNotFoundError."""
        content = b"\n".join((settings.BASE_DIR / "static" / name).read_bytes() for name in STYLES)
        self.delete(ALL_STYLES)
        self.save(ALL_STYLES, ContentFile(content))
        paths[ALL_STYLES] = (self, ALL_STYLES)
        yield from super().post_process(paths, *arguments, **options)
