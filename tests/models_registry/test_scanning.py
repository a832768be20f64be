import os
import pickle
from typing import Any

import pytest
from django.test import Client

from accounts.models import Actor
from hub.jobs.models import Job
from models_registry.formats import pickles
from models_registry.models import FileScan, Repository
from models_registry.services import references, scanning, trees
from models_registry.services.changes import AddLfsFile, Delete
from models_registry.services.commits import create_commit
from models_registry.services.indexing import index_commit
from models_registry.tasks import scan_file, sum_up_scans
from tests import make
from tests.models_registry.formats.xet_bytes import make_xorb
from tests.models_registry.xet import sending


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("false",)


EVIL = pickle.dumps(Evil())


def files_of(repository: Repository) -> list[trees.TreeEntry]:
    return trees.files(repository, references.resolve(repository, "main"))


def with_files(**files: bytes) -> Repository:
    repository = make.repository()
    commit = make.commit(repository, {name.replace("_", "."): content for name, content in files.items()})
    index_commit(repository.pk, commit.oid)
    return repository


def work_off() -> int:
    jobs = Job.objects.filter(kind="scan_file", state="queued")
    keys = list(jobs.values_list("key", flat=True))
    for key in keys:
        scan_file(key)
    jobs.update(state="done")
    return len(keys)


def test_the_repositorys_page_says_what_scans_found(client: Client) -> None:
    repository = with_files(evil_pkl=EVIL, odd_pkl=b"cunheard.of\nname\n.", good_pkl=pickle.dumps([1]))
    work_off()
    sum_up_scans(Job.objects.get(kind="sum_up_scans").key)
    page = client.get(repository.get_absolute_url()).content.decode()
    assert "something in 2 files" in page
    assert page.index("blob/main/evil.pkl") < page.index("blob/main/odd.pkl")
    assert "blob/main/good.pkl" not in page
    copy = make.repository()  # of what is known already, nothing is scanned again
    commit = make.commit(copy, {"renamed.pkl": EVIL})
    index_commit(copy.pk, commit.oid)
    sum_up_scans(str(copy.pk))
    assert "blob/main/renamed.pkl" in client.get(copy.get_absolute_url()).content.decode()
    commit = create_commit(
        actor=Actor(user=copy.creator),
        repository=copy,
        branch="main",
        parent=None,
        changes=[Delete("renamed.pkl")],
        title="x",
    )
    index_commit(copy.pk, commit.oid)
    sum_up_scans(str(copy.pk))
    assert "something in" not in client.get(copy.get_absolute_url()).content.decode()


def test_what_may_hold_pickles_is_queued_and_then_judged() -> None:
    repository = with_files(evil_pkl=EVIL, good_bin=pickle.dumps([1]), weights_safetensors=b"x", README_md=b"hello")
    before = scanning.verdicts(files_of(repository))
    assert {path: found["status"] for path, found in before.items()} == {
        ".gitattributes": "safe",
        "README.md": "safe",
        "evil.pkl": "unscanned",
        "good.bin": "unscanned",
        "weights.safetensors": "safe",
    }
    assert scanning.repository_status(files_of(repository)) == {"scansDone": False, "filesWithIssues": []}
    assert work_off() == 2
    after = scanning.verdicts(files_of(repository))
    assert after["good.bin"]["status"] == "safe"
    assert after["evil.pkl"]["status"] == "unsafe"
    assert after["evil.pkl"]["avScan"] is None
    assert after["evil.pkl"]["pickleImportScan"]["pickleImports"] == [
        {"module": "posix", "name": "system", "safety": "dangerous"}
    ]
    assert scanning.repository_status(files_of(repository)) == {
        "scansDone": True,
        "filesWithIssues": [{"path": "evil.pkl", "level": "unsafe"}],
    }


def test_a_content_is_scanned_once_wherever_it_lies(django_assert_num_queries: Any) -> None:
    with_files(evil_pkl=EVIL)
    assert work_off() == 1
    second = with_files(other_bin=EVIL)
    assert work_off() == 0
    files = files_of(second)
    with django_assert_num_queries(2):
        assert scanning.verdicts(files)["other.bin"]["status"] == "unsafe"
    assert FileScan.objects.count() == 1


def test_a_large_file_is_read_out_of_its_chunks() -> None:
    repository = make.repository()
    stored = sending.send_file(sending.caller(repository), (make_xorb(EVIL[:10], EVIL[10:]), 0, 2))
    commit = create_commit(
        actor=sending.Actor(user=repository.creator),
        repository=repository,
        branch="main",
        parent=None,
        changes=[AddLfsFile("pytorch_model.bin", stored.sha256)],
        title="weights",
    )
    index_commit(repository.pk, commit.oid)
    assert work_off() == 1
    assert FileScan.objects.get(content=stored.sha256).status == "unsafe"


def test_a_newer_scanner_looks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    repository = with_files(evil_pkl=EVIL)
    work_off()
    monkeypatch.setattr(scanning, "scanner", lambda: "picklescan 99")
    scanning.request(repository, files_of(repository))
    assert work_off() == 1
    assert FileScan.objects.get().scanner == "picklescan 99"


def test_a_file_that_cannot_be_scanned_to_its_end_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickles, "MOST_BYTES", 1000)
    repository = with_files(long_pkl=pickle.dumps(b"x" * 5000))
    work_off()
    verdict = scanning.verdicts(files_of(repository))["long.pkl"]
    assert verdict["status"] == "error"
    assert "MiB" in verdict["pickleImportScan"]["message"]
    assert scanning.repository_status(files_of(repository))["filesWithIssues"] == [
        {"path": "long.pkl", "level": "error"}
    ]


def test_content_that_went_before_its_scan_ends_the_job() -> None:
    repository = with_files(evil_pkl=EVIL)
    (job,) = Job.objects.filter(kind="scan_file")
    repository.delete()
    scan_file(job.key)
    assert not FileScan.objects.exists()


def test_trees_and_repositories_tell_clients_what_was_found(client: Client) -> None:
    repository = with_files(evil_pkl=EVIL)
    work_off()
    tree = client.get(f"{repository.api_path}/tree/main?expand=true").json()
    assert {entry["path"]: entry["securityFileStatus"]["status"] for entry in tree} == {
        ".gitattributes": "safe",
        "evil.pkl": "unsafe",
    }
    assert "securityFileStatus" not in client.get(f"{repository.api_path}/tree/main").json()[0]
    found = {"scansDone": True, "filesWithIssues": [{"path": "evil.pkl", "level": "unsafe"}]}
    assert client.get(f"{repository.api_path}?securityStatus=true").json()["securityRepoStatus"] == found
    assert client.get(f"{repository.api_path}?expand=securityRepoStatus").json()["securityRepoStatus"] == found
    assert "securityRepoStatus" not in client.get(repository.api_path).json()
    listed = client.get("/api/models?expand=securityRepoStatus").json()
    assert all(item["securityRepoStatus"] in (None, found) for item in listed)


OLDEST = pickle.dumps(Evil(), protocol=0)  # no first bytes tell that it is a pickle


@pytest.mark.parametrize("other", ["aaa_weights", "zzz_weights"])
def test_a_harmless_name_beside_it_hides_no_pickle(other: str) -> None:
    repository = with_files(**{"model_pkl": OLDEST, other: OLDEST})
    work_off()
    assert scanning.verdicts(files_of(repository))["model.pkl"]["status"] == "unsafe"


def test_a_verdict_by_a_harmless_name_holds_for_no_pickle() -> None:
    with_files(notes_weights=OLDEST)
    work_off()
    assert FileScan.objects.get().status == "safe"
    repository = with_files(model_pkl=OLDEST)
    assert scanning.verdicts(files_of(repository))["model.pkl"]["status"] == "unscanned"
    assert work_off() == 1
    assert scanning.verdicts(files_of(repository))["model.pkl"]["status"] == "unsafe"
    with_files(other_weights=OLDEST)
    assert work_off() == 0
