"""The CAS server. `granian --interface wsgi models_registry.cas_api.wsgi:application`"""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

from hub.wire.charset import without_charset

os.environ["DJANGO_SETTINGS_MODULE"] = "models_registry.cas_api.settings"  # whatever the environment says for the site

_handler = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return _handler(without_charset(environ), start_response)
