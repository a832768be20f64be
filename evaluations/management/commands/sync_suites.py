from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluations.errors import SuiteChanged
from evaluations.services import suites
from evaluations.suite_files import InvalidSuiteError
from models_registry.errors import StorageUnavailable


class Command(BaseCommand):
    help = "Make the suites in evaluations/suites/ known to the hub, their data stored."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            versions = suites.synchronize()
        except (InvalidSuiteError, SuiteChanged, StorageUnavailable) as error:
            raise CommandError(str(error)) from error
        for version in versions:
            self.stdout.write(str(version))
