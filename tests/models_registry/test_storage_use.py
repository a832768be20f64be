from django.test import Client

from models_registry.services import storage_use
from tests import make
from tests.models_registry.indexing.weights import indexed
from tests.models_registry.xet import sending


def test_regular_files_count_once_over_the_history() -> None:
    repository = make.repository()
    rules = storage_use.measure(repository.pk)
    assert rules
    make.commit(repository, {"a.txt": "x" * 1000})
    make.commit(repository, {"b.txt": "x" * 1000, "a.txt": "y" * 500})
    use = storage_use.measure(repository.pk)
    assert use
    assert use.logical - rules.logical == 1500
    assert use.stored
    repository.refresh_from_db()
    assert (repository.storage_logical, repository.storage_stored) == use


def test_chunks_that_two_versions_share_are_stored_once() -> None:
    repository = make.repository()
    before = storage_use.measure(repository.pk)
    caller = sending.caller(repository)
    base, change = sending.some_xorb(1, count=10), sending.some_xorb(2, count=2)
    first = sending.send_file(caller, (base, 0, 10))
    second = sending.send_file(caller, (base, 0, 8), (change, 0, 2))
    use = storage_use.measure(repository.pk)
    assert before
    assert use
    assert use.logical - before.logical == first.size + second.size
    assert use.stored - before.stored == len(base.data) + len(change.data)


def test_half_of_a_xorb_is_half_its_bytes() -> None:
    repository = make.repository()
    before = storage_use.measure(repository.pk)
    xorb = sending.some_xorb(3, count=10)
    sending.send_file(sending.caller(repository), (xorb, 2, 5), (xorb, 4, 7))
    use = storage_use.measure(repository.pk)
    assert before
    assert use
    assert use.stored - before.stored == len(xorb.data) // 2


def test_what_the_hub_had_already_costs_a_fine_tune_nothing() -> None:
    base, tuned = make.repository(), make.repository()
    before = storage_use.measure(tuned.pk)
    shared, own = sending.some_xorb(4), sending.some_xorb(5)
    sending.send_file(sending.caller(base), (shared, 0, 6))
    to = sending.caller(tuned)
    sending.send_xorb(to, own)
    made = sending.MadeFile([(shared, 0, 6), (own, 0, 6)])
    sending.register(to, made, new=(own,))
    use = storage_use.measure(tuned.pk)
    assert before
    assert use
    assert use.logical - before.logical == len(made.content)
    assert use.stored - before.stored == len(own.data)


def test_who_sends_what_another_has_in_private_sees_no_difference() -> None:
    xorb = sending.some_xorb(6)
    grown = []
    for repository in (make.repository(private=True), make.repository()):
        before = storage_use.measure(repository.pk)
        sending.send_file(sending.caller(repository), (xorb, 0, 6))
        after = storage_use.measure(repository.pk)
        assert before
        assert after
        grown.append((after.logical - before.logical, after.stored - before.stored))
    assert grown == [(sum(map(len, xorb.chunks)), len(xorb.data))] * 2


def test_a_repository_that_is_gone_is_no_error() -> None:
    assert storage_use.measure(10**9) is None


def test_programs_are_told_both_figures_and_the_licence(client: Client) -> None:
    repository = indexed({"README.md": "---\nlicense: my-own\n---\n"})
    use = storage_use.measure(repository.pk)
    assert use
    told = client.get(repository.api_path).json()
    assert told["usedStorage"] == use.logical
    assert told["storage"] == {"logical": use.logical, "stored": use.stored}
    expanded = client.get(f"{repository.api_path}?expand=licenseInfo").json()
    told_of_it = {name: expanded["licenseInfo"][name] for name in ("name", "spdx", "known", "commercialUse")}
    assert told_of_it == {"name": "my-own", "spdx": "", "known": False, "commercialUse": "unknown"}
