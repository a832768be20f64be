import os
import subprocess
import sys


def test_the_cas_starts_without_the_apps_of_signing_in() -> None:
    program = "import models_registry.cas_api.wsgi, models_registry.cas_api.urls"
    done = subprocess.run([sys.executable, "-c", program], env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
