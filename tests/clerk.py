"""A `manage.py` that stays: each line of its input is a command, as JSON; each of its output what became of it.

`tests.live` runs one beside a hub that it asks for members, since a start of Django costs seconds.
"""

import io
import json
import sys
import traceback

import django
from django.core.management import call_command
from django.db import connections


def main() -> None:
    django.setup()
    for line in sys.stdin:
        said = io.StringIO()
        try:
            call_command(*json.loads(line), stdout=said)
            answer = {"said": said.getvalue().strip(), "wrong": ""}
        except Exception:  # noqa: BLE001 - whoever asked fails with it
            answer = {"said": "", "wrong": traceback.format_exc()}
        finally:
            connections.close_all()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
