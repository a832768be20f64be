from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import BaseCommand

from models_registry.management.naming import repository_named
from models_registry.services import garbage


class Command(BaseCommand):
    help = "Removes what nothing refers to any more, after a grace. May run at any time, be killed, and run again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")
        parser.add_argument("--grace-days", type=float, help="instead of HUB_GARBAGE_GRACE_DAYS")
        parser.add_argument(
            "--repository", metavar="NAME", help="only this one: namespace/name, or datasets/namespace/name"
        )
        parser.add_argument("--trust-rows", action="store_true", help="even if most objects in storage have no row")

    def handle(self, *_: Any, **options: Any) -> None:
        days = options["grace_days"]
        if days is not None and days < 0:
            raise CommandError("--grace-days must not be negative.")
        plan = garbage.Plan(
            grace=settings.GARBAGE_GRACE if days is None else timedelta(days=days),
            dry_run=options["dry_run"],
            trust_rows=options["trust_rows"],
        )
        name = options["repository"]
        try:
            amounts, _ended = garbage.collect(plan, repository=repository_named(name) if name else None)
        except garbage.TooManyOrphans as error:
            raise CommandError(str(error)) from error
        for kind, count in sorted(amounts.counts.items()):
            size = amounts.sizes[kind]
            self.stdout.write(f"{kind}: {count}" + (f", {size} bytes" if size else ""))
        if plan.dry_run:
            self.stdout.write("Nothing was removed. What these alone refer to would go after them.")
        elif not amounts.counts:
            self.stdout.write("There was nothing to remove.")
