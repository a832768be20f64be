"""Many repositories as rows alone, for benchmarks of lists: `python -m benchmarks.many COUNT`, in a hub's environment."""

import random
import sys

import django

django.setup()

from django.db import connection  # noqa: E402 - models exist once Django is set up

from accounts.services.accounts import create_account  # noqa: E402 - models exist once Django is set up
from models_registry.models import Card, Repository, RepositoryTag  # noqa: E402
from models_registry.services.repositories import full_key  # noqa: E402

WORDS = "amber birch cedar delta ember fjord grove heron iris juniper kestrel larch maple north otter pine".split()
TASKS = "image-classification text-generation fill-mask tabular-classification translation".split()
LIBRARIES = "transformers onnx sklearn keras".split()
LANGUAGES = "en de fr zh ja es".split()
AT_ONCE = 5_000


def main(count: int) -> None:
    chance = random.Random(3)
    owners = [create_account(name=f"owner-{index}", email=f"owner-{index}@example.org") for index in range(50)]
    for start in range(0, count, AT_ONCE):
        rows = Repository.objects.bulk_create(
            _repository(chance, owners, index) for index in range(start, min(start + AT_ONCE, count))
        )
        RepositoryTag.objects.bulk_create(
            RepositoryTag(repository=row, tag=tag) for row in rows for tag in _tags(chance, row)
        )
        Card.objects.bulk_create(
            Card(repository=row, commit="0" * 40, front_matter={"license": row.licence}) for row in rows
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as a database does by itself, a minute later


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
