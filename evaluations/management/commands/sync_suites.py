from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluations.errors import SuiteChanged, SuitesHomeless
from evaluations.services import groups, hosting, suites
from evaluations.suite_files import InvalidSuiteError
from models_registry.errors import StorageUnavailable


class Command(BaseCommand):
    help = (
        "Make the suites in evaluations/suites/, and their groups, known to the hub, their inputs in dataset repositories of "
        "HUB_SUITE_NAMESPACE."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            known = [*suites.synchronize(), *groups.synchronize()]
            hosting.host_shipped()
        except (InvalidSuiteError, SuiteChanged, SuitesHomeless, StorageUnavailable) as error:
            raise CommandError(str(error)) from error
        for each in known:
            self.stdout.write(str(each))
