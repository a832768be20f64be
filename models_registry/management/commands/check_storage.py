from typing import Any

from django.core.management.base import BaseCommand, CommandError

from models_registry.storage import self_test
from models_registry.storage.s3 import make_bucket


class Command(BaseCommand):
    help = (
        "Try on the storage everything that the hub relies on, and name what fails. Makes the bucket if there is none."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        make_bucket()
        faults = self_test.run()
        if faults:
            raise CommandError("The storage cannot serve this hub:\n" + "\n".join(f"- {fault}" for fault in faults))
        self.stdout.write("The storage does all that the hub relies on.")
