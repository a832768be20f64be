import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand

from models_registry.errors import StorageUnavailable
from models_registry.management.naming import repository_named
from models_registry.services import fsck


class Command(BaseCommand):
    help = "Looks for content that is missing, corrupt or orphaned. Reads alone; ends with 1 if it found damage."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repository", metavar="NAME", help="only this one: namespace/name, or datasets/namespace/name"
        )
        parser.add_argument("--deep", action="store_true", help="read all bytes again and hash them")
        parser.add_argument("--json", action="store_true", help="a line of JSON for each finding")
        parser.add_argument(
            "--from", dest="start", metavar="PHASE[:POSITION]", help="go on where an earlier run was stopped"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        name = options["repository"]
        pages = fsck.check(
            repository=repository_named(name) if name else None,
            deep=options["deep"],
            start=_start(options["start"]) if options["start"] else None,
        )
        place, damage, orphans = "", 0, 0
        try:
            for page in pages:
                for problem in page.problems:
                    self.stdout.write(json.dumps(problem.as_json()) if options["json"] else str(problem))
                    damage += problem.is_damage
                    orphans += not problem.is_damage
                place = f"{page.phase}:{page.position}"
        except (KeyboardInterrupt, StorageUnavailable) as error:
            raise CommandError(f"Stopped ({error}). To go on: --from '{place or next(iter(fsck.PHASES))}'") from error
        if damage:
            raise CommandError(f"{damage} findings of damage, {orphans} orphans.", returncode=1)
        if not options["json"]:
            self.stdout.write(f"Everything is there. {orphans} orphans.")


def _start(text: str) -> tuple[str, str]:
    """Raises CommandError."""
    phase, _, position = text.partition(":")
    known = phase in fsck.PHASES and (position.isdigit() or not position or phase == "storage")
    if not known:
        raise CommandError(f"--from is one of {', '.join(fsck.PHASES)}, or such a phase, a colon and a position.")
    return phase, position
