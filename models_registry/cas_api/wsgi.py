"""The CAS server. `granian --interface wsgi models_registry.cas_api.wsgi:application`"""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "models_registry.cas_api.settings"  # whatever the environment says for the site

application = get_wsgi_application()
