"""Many repositories as rows alone, for benchmarks of lists: `python -m benchmarks.many COUNT`, in a hub's environment."""

import random
import sys
from typing import Any

import django

django.setup()

from django.core.management.color import no_style  # noqa: E402 - models exist once Django is set up
from django.db import connection  # noqa: E402 - models exist once Django is set up
from django.db.models import AutoField  # noqa: E402 - models exist once Django is set up

from accounts.services.accounts import create_account  # noqa: E402 - models exist once Django is set up
from models_registry.models import Card, Repository, RepositoryTag  # noqa: E402
from models_registry.services import tagging  # noqa: E402 - models exist once Django is set up
from models_registry.services.repositories import full_key  # noqa: E402

WORDS = "amber birch cedar delta ember fjord grove heron iris juniper kestrel larch maple north otter pine".split()
TASKS = "image-classification text-generation fill-mask tabular-classification translation".split()
LIBRARIES = "transformers onnx sklearn keras".split()
LANGUAGES = "en de fr zh ja es".split()
AT_ONCE = 5_000
MADE = 10_000  # one by one; of more, the rest are copies of these under names of their own


def main(count: int) -> None:
    chance = random.Random(3)
    owners = [create_account(name=f"owner-{index}", email=f"owner-{index}@example.org") for index in range(50)]
    made = min(count, MADE)
    for start in range(0, made, AT_ONCE):
        rows = [_repository(chance, owners, index) for index in range(start, min(start + AT_ONCE, made))]
        tags = [_tags(chance, row) for row in rows]
        for row, its in zip(rows, tags, strict=True):
            row.tag_words = tagging.searched(its)
        Repository.objects.bulk_create(rows)
        RepositoryTag.objects.bulk_create(
            RepositoryTag(repository=row, tag=tag) for row, its in zip(rows, tags, strict=True) for tag in its
        )
        Card.objects.bulk_create(
            Card(repository=row, commit="0" * 40, front_matter={"license": row.licence}) for row in rows
        )
    with connection.cursor() as cursor:
        if count >= 2 * made:
            _copy(cursor, count // made)
        cursor.execute("ANALYZE")  # as a database does by itself, a minute later


def _copy(cursor: Any, times: int) -> None:
    """So many of each are there then. The copies have ids of their own, far above."""
    far = 10 * Repository.objects.latest("pk").pk
    columns = {
        Repository: {"id": f"id + {far} * number", **dict.fromkeys(("name", "full_key"), "{} || '-' || number")},
        RepositoryTag: {"repository_id": f"repository_id + {far} * number"},
        Card: {"repository_id": f"repository_id + {far} * number"},
    }
    for model, changed in columns.items():
        options = model._meta  # noqa: SLF001 - documented, in spite of its name
        fields = [field for field in options.concrete_fields if not field.generated]
        names = [field.column for field in fields if not isinstance(field, AutoField) or field.column in changed]
        values = [changed.get(name, f'"{name}"').format(name) for name in names]
        cursor.execute(
            f"WITH RECURSIVE copies(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM copies WHERE number < {times - 1}) "
            f"INSERT INTO {options.db_table} ({', '.join(names)}) "
            f"SELECT {', '.join(values)} FROM {options.db_table}, copies"
        )
    for statement in connection.ops.sequence_reset_sql(no_style(), [Repository]):
        cursor.execute(statement)


def _repository(chance: random.Random, owners: list, index: int) -> Repository:
    namespace = chance.choice(owners).namespace
    name = f"{chance.choice(WORDS)}-{chance.choice(WORDS)}-{index}"
    return Repository(
        namespace=namespace,
        name=name,
        full_key=full_key(namespace, name),
        summary=f"A model of {chance.choice(WORDS)} by {chance.choice(WORDS)}.",
        task=chance.choice(TASKS),
        library=chance.choice(LIBRARIES),
        licence=chance.choice(["mit", "apache-2.0"]),
        downloads=int(chance.paretovariate(0.7)) if chance.random() < 0.6 else 0,
        likes=int(chance.paretovariate(1)) - 1,
        trending_score=chance.random() if chance.random() < 0.3 else 0,
        parameter_count=chance.randrange(10**6, 10**11),
    )


def _tags(chance: random.Random, row: Repository) -> list[str]:
    language = chance.choice(LANGUAGES)
    return [row.task, row.library, f"license:{row.licence}", language, f"language:{language}", chance.choice(WORDS)]


if __name__ == "__main__":
    main(int(sys.argv[1]))
