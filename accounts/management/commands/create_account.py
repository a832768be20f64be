from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Actor, TokenRole
from accounts.services.accounts import create_account
from accounts.services.tokens import create_token
from hub.errors import HubError


class Command(BaseCommand):
    help = "Make a verified account, and print its write token."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--email", required=True)
        parser.add_argument("--full-name", default="")
        parser.add_argument("--password", help="Without one, the account signs in by password reset.")
        parser.add_argument("--admin", action="store_true", help="May use the admin.")
        parser.add_argument("--token", help="The value of its token, stored as it is given; otherwise one is made.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = create_account(
                name=options["name"],
                email=options["email"],
                full_name=options["full_name"],
                password=options["password"],
                is_admin=options["admin"],
            )
        except HubError as error:
            raise CommandError(str(error)) from None
        _, value = create_token(
            actor=Actor(user=user), user=user, name="command line", role=TokenRole.WRITE, value=options["token"]
        )
        self.stdout.write(value)
