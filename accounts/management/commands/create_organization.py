from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Actor, Role, User
from accounts.services.accounts import create_organization
from hub.errors import HubError


class Command(BaseCommand):
    help = "Make an organisation with its members."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--full-name", default="")
        parser.add_argument("--private-by-default", action="store_true")
        parser.add_argument("--member", action="append", default=[], metavar="USER:ROLE", help=", ".join(Role.labels))

    def handle(self, *args: Any, **options: Any) -> None:
        members = []
        for member in options["member"]:
            name, _, role = member.partition(":")
            user = User.objects.filter(namespace__key=name.lower()).first()
            if user is None:
                raise CommandError(f"There is no user {name!r}.")
            try:
                members.append((user, Role.named(role or "read")))
            except ValueError as error:
                raise CommandError(str(error)) from None
        try:
            create_organization(
                actor=Actor(),
                name=options["name"],
                full_name=options["full_name"],
                private_by_default=options["private_by_default"],
                members=members,
            )
        except HubError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(options["name"])
