"""A score can be checked as long as its model's repository is there."""

import pytest
from django.test import Client

from evaluations.models import SuiteVersion
from models_registry.models import Reference
from models_registry.services.garbage import Plan, collect
from models_registry.services.garbage.amounts import IN_FLIGHT
from tests import make
from tests.evaluations import building

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_scored_commit_can_be_had_after_its_branch_was_forced_elsewhere(digits: SuiteVersion, client: Client):
    repository = building.model()
    run = building.execute(building.request(repository, digits))
    initial = repository.commits.get(first_parent=None)
    Reference.objects.filter(repository=repository, name="refs/heads/main").update(target=initial.oid)
    make.commit(repository, {"model.safetensors": "something else"})
    collect(Plan(IN_FLIGHT * 0, trust_rows=True))
    address = f"/{repository.full_name}/resolve/{run.commit}/model.safetensors"
    assert client.get(address).status_code == 200

    run.delete()
    assert (
        not Reference.objects.exclude(repository=digits.data_repository)
        .filter(name__startswith="refs/scores/")
        .exists()
    )
    collect(Plan(IN_FLIGHT * 0, trust_rows=True))
    assert client.get(address).status_code == 404


def test_a_commit_stays_while_one_of_its_scores_stands(digits: SuiteVersion):
    repository = building.model()
    first = building.execute(building.request(repository, digits))
    building.scored(repository, digits, building.right(500))
    first.delete()
    assert Reference.objects.filter(name=f"refs/scores/{first.commit}").exists()
    repository.delete()
    assert (
        not Reference.objects.exclude(repository=digits.data_repository)
        .filter(name__startswith="refs/scores/")
        .exists()
    )
