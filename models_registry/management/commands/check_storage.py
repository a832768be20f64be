from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from hub.addresses import origin
from models_registry.errors import StorageUnavailable
from models_registry.storage import self_test
from models_registry.storage.s3 import make_bucket, set_cors


class Command(BaseCommand):
    help = (
        "Try on the storage everything that the hub relies on, and name what fails. Makes the bucket if there is none."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--set-cors",
            action="store_true",
            help="first set the bucket's CORS rules so that pages of HUB_BASE_URL may send and read files",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        make_bucket()
        if options["set_cors"]:
            try:
                set_cors(origin(settings.BASE_URL))
            except StorageUnavailable as error:
                raise CommandError(f"The storage does not let CORS rules be set: {error.__cause__ or error}") from error
        faults = self_test.run()
        if faults:
            raise CommandError("The storage cannot serve this hub:\n" + "\n".join(f"- {fault}" for fault in faults))
        self.stdout.write("The storage does all that the hub relies on.")
