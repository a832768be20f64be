from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Actor
from evaluations.services import editions
from evaluations.services.groups import group
from evaluations.services.suites import current_version
from hub.errors import HubError


class Command(BaseCommand):
    help = "Publish a leaderboard as it stands as the edition of today: signed, to be cited, never changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="of a suite, or with --group of a group of suites")
        parser.add_argument("--group", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            board = group(options["name"]) if options["group"] else current_version(options["name"])
            published = editions.publish(actor=Actor(), board=board, from_console=True)
        except HubError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{published.get_absolute_url()} {published.sha256}")
