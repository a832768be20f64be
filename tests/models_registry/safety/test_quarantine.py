"""Malware is recognised by a real clamd, and from then on no door gives it away."""

import hashlib
import json
import os
import socket
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from accounts.models import Actor, AuditEntry
from evaluations.services import fetching
from hub.errors import Forbidden
from hub.jobs.models import Job, State
from hub.jobs.tasks import run
from models_registry.community.models import Category, Notice, Report
from models_registry.errors import ContentQuarantined
from models_registry.models import FileScan, Quarantine, Repository, VirusScan
from models_registry.services import antivirus, pull_requests, quarantine, references, scanning, trees
from models_registry.services.changes import AddFile, Delete
from models_registry.services.clamd import Clamd, ScannerUnavailable
from tests import make
from tests.environment import free_port
from tests.models_registry.community.webhooks.receivers import receiver
from tests.models_registry.formats.xet_bytes import make_xorb
from tests.models_registry.git_http import sending as sent
from tests.models_registry.safety.conftest import MALWARE, STREAM_LIMIT, add_large
from tests.models_registry.xet import sending

Work = Callable[[], None]
Verdict = VirusScan.Verdict
SENTENCE = "in quarantine"


def files_of(repository: Repository) -> dict[str, trees.TreeEntry]:
    return {entry.path: entry for entry in trees.files(repository, references.resolve(repository, "main"))}


@pytest.fixture
def net(clamd: str, work_off: Work) -> Repository:
    """With malware in a regular and in a large file, and a harmless one of each."""
    made = make.repository(make.user("ada"), "net")
    make.commit(made, {"bad.sh": MALWARE, "good.txt": "hello", "README.md": "# Net"})
    add_large(made, "bad.bin", MALWARE * 3)
    add_large(made, "good.bin", os.urandom(5000))
    work_off()
    return made


def test_what_clamd_recognises_is_put_into_quarantine_and_all_is_said(net: Repository) -> None:
    rows = {row.verdict for row in VirusScan.objects.filter(signature="Grove.Test.UNOFFICIAL")}
    assert rows == {Verdict.INFECTED}
    assert Quarantine.objects.active().count() == 2
    verdicts = scanning.verdicts(list(files_of(net).values()))
    assert {path: (found["status"], found["avScan"]["status"]) for path, found in verdicts.items()} == {
        ".gitattributes": ("safe", "safe"), "README.md": ("safe", "safe"), "good.txt": ("safe", "safe"),
        "good.bin": ("safe", "safe"), "bad.sh": ("unsafe", "unsafe"), "bad.bin": ("unsafe", "unsafe"),
    }  # fmt: skip
    assert verdicts["bad.bin"]["avScan"]["virusNames"] == ["Grove.Test.UNOFFICIAL"]
    status = scanning.repository_status(list(files_of(net).values()))
    assert status["scansDone"] is True
    assert {item["path"] for item in status["filesWithIssues"]} == {"bad.sh", "bad.bin"}
    report = Report.objects.get()
    assert (report.category, report.subject_name, report.opened_by_hub) == (Category.MALWARE, "ada/net", True)
    notice = Notice.objects.filter(key=f"malware:{net.pk}").first()
    assert notice is not None
    assert notice.users == [net.creator_id]
    assert set(Quarantine.objects.values_list("path", flat=True)) == {"bad.sh", "bad.bin"}
    assert AuditEntry.objects.filter(action="content.quarantined").count() == 2


def test_a_hub_without_a_scanner_says_nothing_of_viruses(work_off: Work) -> None:
    net = make.repository()
    make.commit(net, {"bad.sh": MALWARE})
    work_off()
    assert not VirusScan.objects.exists()
    assert scanning.verdicts(list(files_of(net).values()))["bad.sh"]["avScan"] is None
    assert scanning.repository_status(list(files_of(net).values()))["scansDone"] is True


READS = [
    ("HEAD", "/ada/net/resolve/main/{name}"), ("GET", "/ada/net/resolve/main/{name}"), ("GET", "/ada/net/raw/main/{name}"),
]  # fmt: skip


@pytest.mark.parametrize("name", ["bad.sh", "bad.bin"])
@pytest.mark.parametrize(("method", "address"), READS)
def test_a_download_is_refused_with_a_sentence(
    client: Client, net: Repository, method: str, address: str, name: str
) -> None:
    answer = client.generic(method, address.format(name=name))
    assert (answer.status_code, answer["X-Error-Code"]) == (403, "Quarantined")
    assert SENTENCE in answer["X-Error-Message"]
    assert client.generic(method, address.format(name="good.txt")).status_code == 200


def test_lfs_gives_no_address_of_it_and_those_of_others(client: Client, net: Repository) -> None:
    files = files_of(net)
    objects = [{"oid": files[name].lfs.sha256, "size": files[name].size} for name in ("bad.bin", "good.bin")]  # type: ignore[union-attr]
    body = json.dumps({"operation": "download", "objects": objects})
    answer = client.post("/ada/net.git/info/lfs/objects/batch", body, content_type="application/json").json()
    bad, good = answer["objects"]
    assert bad["error"]["code"] == 403
    assert SENTENCE in bad["error"]["message"]
    assert "download" in good["actions"]


def test_its_page_says_so_and_shows_nothing_of_it(client: Client, net: Repository) -> None:
    page = client.get("/ada/net/blob/main/bad.sh")
    assert page.status_code in {200, 403}
    assert SENTENCE in page.content.decode()
    assert "grove: a sign" not in page.content.decode()
    for address in ("/ada/net", "/ada/net/tree/main"):
        assert SENTENCE in client.get(address).content.decode()


def test_what_changed_is_shown_but_for_its_lines(client: Client, clamd: str, work_off: Work) -> None:
    repository = make.repository(make.user("ada"), "net")
    make.commit(repository, {"bad.sh": MALWARE, "good.txt": "hello"})
    work_off()
    changes = [AddFile.of("more.txt", b"welcome"), Delete("bad.sh")]
    made, _commit = pull_requests.propose(
        actor=Actor(user=repository.creator),
        repository=repository,
        base="main",
        parent=None,
        changes=changes,
        title="x",
    )
    number = made.number
    bearer = make.bearer(make.token(repository.creator))
    for address, shown in (
        ("/ada/net/commit/main", "hello"),
        (f"/ada/net/discussions/{number}/files", "welcome"),
        (f"/api/models/ada/net/discussions/{number}?diff=1", "welcome"),
        (f"/api/models/ada/net/compare/main..refs/pr/{number}", "welcome"),
    ):
        answer = client.get(address, headers=bearer)
        said = answer.content.decode()
        assert answer.status_code == 200, address
        assert "bad.sh" in said, address
        assert shown in said, address
        assert "grove: a sign" not in said, address


def test_no_reader_within_the_hub_gets_it(net: Repository) -> None:
    for name in ("bad.sh", "bad.bin"):
        with pytest.raises(ContentQuarantined):
            fetching.read_small(net, files_of(net)[name], 100)


@pytest.mark.parametrize("protocol", ["", "version=2"])
def test_a_repository_with_a_regular_file_in_quarantine_is_not_cloned(
    client: Client, net: Repository, protocol: str
) -> None:
    answer = client.get("/ada/net.git/info/refs?service=git-upload-pack", headers={"Git-Protocol": protocol})
    assert answer.status_code == 403
    assert "cannot be cloned" in answer.content.decode()


def test_one_with_large_ones_alone_is_cloned_with_its_pointers(client: Client, clamd: str, work_off: Work) -> None:
    net = make.repository(make.user("ada"), "net")
    add_large(net, "bad.bin", MALWARE)
    work_off()
    assert quarantine.is_in(net)
    assert client.get("/ada/net.git/info/refs?service=git-upload-pack").status_code == 200


def test_xet_says_not_how_to_put_it_together(clamd: str, work_off: Work) -> None:
    net = make.repository()
    xorb = make_xorb(MALWARE * 50)
    file = sending.send_file(sending.caller(net), (xorb, 0, 1))
    add_large(net, "bad.bin", MALWARE * 50)
    work_off()
    assert quarantine.holds(file.sha256)
    assert file.xet_file is not None
    from models_registry.services.xet import reconstruction

    with pytest.raises(ContentQuarantined):
        reconstruction.reconstruct(sending.caller(net), file.xet_file.hash)


def test_the_same_bytes_do_not_come_again_by_any_door(net: Repository) -> None:
    other = make.repository()
    with pytest.raises(ContentQuarantined):
        make.commit(other, {"innocent.txt": MALWARE})
    with pytest.raises(ContentQuarantined):
        add_large(other, "innocent.bin", MALWARE * 3)
    with pytest.raises(ContentQuarantined):
        make.commit(other, {"innocent.txt": MALWARE * 3})  # the large one's, as a regular file
    with pytest.raises(ContentQuarantined):
        add_large(other, "innocent.bin", MALWARE)  # and the other way round


def test_others_who_had_it_before_are_told_too(clamd: str, work_off: Work) -> None:
    first, second = make.repository(), make.repository()
    add_large(first, "a.bin", MALWARE)
    add_large(second, "b.bin", MALWARE)
    make.commit(first, {"a.sh": MALWARE + b"1"})
    make.commit(second, {"b.sh": MALWARE + b"1"})
    work_off()
    told = set(Notice.objects.filter(kind="safety").values_list("repository_id", flat=True))
    assert told == {first.pk, second.pk}
    assert set(Report.objects.values_list("subject_id", flat=True)) == {first.pk, second.pk}


def test_a_maintainer_releases_it_and_the_same_finding_stops_it_no_more(
    client: Client, net: Repository, work_off: Work
) -> None:
    row = Quarantine.objects.get(path="bad.sh")
    with pytest.raises(Forbidden):
        quarantine.release(actor=Actor(user=net.creator), quarantine=row, reason="It is mine.")
    maintainer = make.user("chief", is_admin=True)
    quarantine.release(actor=Actor(user=maintainer), quarantine=row, reason="A test file.")
    quarantine.forget()
    assert client.get("/ada/net/resolve/main/bad.sh").status_code == 200
    antivirus.scan(f"{net.pk}:{row.content}")
    quarantine.forget()
    assert client.get("/ada/net/resolve/main/bad.sh").status_code == 200
    quarantine.confirm(actor=Actor(user=maintainer), quarantine=row, reason="No, it is not.")
    quarantine.forget()
    assert client.get("/ada/net/resolve/main/bad.sh").status_code == 403
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {
        "content.released", "content.quarantine_confirmed"
    }  # fmt: skip


def test_dangerous_pickles_are_warned_of_and_not_stopped(client: Client, clamd: str, work_off: Work) -> None:
    from tests.models_registry.test_scanning import EVIL

    net = make.repository(make.user("ada"), "net")
    make.commit(net, {"evil.pkl": EVIL})
    work_off()
    assert FileScan.objects.get(status="unsafe")
    assert client.get("/ada/net/resolve/main/evil.pkl").status_code == 200


def test_what_is_larger_than_the_daemon_takes_is_said_to_be_unscanned(clamd: str, work_off: Work) -> None:
    net = make.repository()
    add_large(net, "big.safetensors", os.urandom(STREAM_LIMIT + 100_000))
    work_off()
    assert VirusScan.objects.get(verdict=Verdict.TOO_LARGE)
    verdict = scanning.verdicts([files_of(net)["big.safetensors"]])["big.safetensors"]["avScan"]
    assert verdict["status"] == "unscanned"
    assert "nobody has looked" in verdict["message"]


def test_while_the_daemon_is_down_uploads_go_on_and_no_scan_is_lost(settings: Any, clamd: str, work_off: Work) -> None:
    settings.CLAMD = f"tcp://127.0.0.1:{free_port()}"
    net = make.repository()
    make.commit(net, {"bad.sh": MALWARE})
    for _ in range(10):
        work_off()
        Job.objects.filter(kind=antivirus.KIND).update(run_after="2020-01-01T00:00Z")
    assert not VirusScan.objects.exists()
    assert set(Job.objects.filter(kind=antivirus.KIND).values_list("state", "attempt")) == {(State.QUEUED, 0)}
    settings.CLAMD = clamd
    work_off()
    assert VirusScan.objects.filter(verdict=Verdict.INFECTED).exists()


@pytest.mark.parametrize("said", [b"", b"what?\0"])
def test_a_daemon_that_hangs_up_or_talks_nonsense_is_one_that_is_down(said: bytes) -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(10)
        connection.sendall(said)

    with receiver(answer) as there, pytest.raises(ScannerUnavailable):
        Clamd(f"tcp://127.0.0.1:{there.port}").scan([b"bytes"])


def test_when_signatures_change_what_older_ones_said_is_asked_again(
    net: Repository, clamd: str, work_off: Work
) -> None:
    good = files_of(net)["good.txt"].oid
    VirusScan.objects.filter(content=good).update(version="ClamAV 0.1", verdict=Verdict.INFECTED)
    antivirus.rescan()
    job = Job.objects.get(kind=antivirus.KIND, state=State.QUEUED)
    assert job.key == f"{net.pk}:{good}"
    run(job.pk)
    assert VirusScan.objects.get(content=good).verdict == Verdict.CLEAN
    assert Clamd(clamd).version().startswith("ClamAV ")


def _zipped(content: bytes) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.txt", content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "infected"),
    [
        ("picture.png", b"\x89PNG\r\n\x1a\n" + MALWARE, True),  # it lies about what it is
        ("model.safetensors", b"\x08\0\0\0\0\0\0\0{}      " + MALWARE, True),
        ("archive.zip", _zipped(MALWARE), True),
        ("both.pdf", b"%PDF-1.4\n" + _zipped(MALWARE), True),  # a document to some, an archive to others
        ("bomb.zip", _zipped(b"\0" * 300_000_000), False),
        ("nothing.bin", b"\0", False),
    ],
)
def test_lying_files_archives_and_bombs(clamd: str, work_off: Work, name: str, content: bytes, infected: bool) -> None:
    net = make.repository()
    add_large(net, name, content)
    work_off()
    row = VirusScan.objects.get(content=hashlib.sha256(content).hexdigest())
    assert (row.verdict == Verdict.INFECTED) == infected


def test_resolving_asks_the_database_no_more_than_before(client: Client, net: Repository) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.head("/ada/net/resolve/main/good.bin")
    with CaptureQueriesContext(connection) as captured:
        assert client.head("/ada/net/resolve/main/good.bin").status_code == 200
    assert not [query for query in captured.captured_queries if "quarantine" in query["sql"]]


def test_a_push_of_it_is_refused(net: Repository) -> None:
    other = make.repository()
    made = sent.Objects()
    head = references.resolve(other, "main").oid
    new = made.commit(made.tree(("100644", b"innocent.txt", made.blob(MALWARE))), head)
    report = sent.Pusher(other).push("refs/heads/main", new, made, old=head)
    assert SENTENCE in report.results["refs/heads/main"] + report.words
    assert references.resolve(other, "main").oid == head
