import base64
import hashlib
from typing import Any

import pytest
import urllib3
from django.test import Client

from models_registry import storage
from models_registry.models import LfsObject, UploadSession
from models_registry.services import resolving
from tests import make
from tests.models_registry.hf_api.conftest import Api, file_line


@pytest.fixture
def ada(api: Api) -> dict[str, str]:
    owner = make.user("ada")
    make.repository(owner, "net")
    return {"token": make.token(owner)}


def put(address: str, content: bytes) -> urllib3.BaseHTTPResponse:
    return urllib3.request("PUT", address, body=content)


def lfs_line(content: bytes, path: str = "m.bin", **more: Any) -> tuple[str, dict[str, Any]]:
    return "lfsFile", {
        "path": path,
        "algo": "sha256",
        "oid": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        **more,
    }


def upload_lfs(
    api: Api, content: bytes, token: str, *, repository: str = "ada/net", claimed: bytes | None = None
) -> Any:
    """Batch, PUT, verify. `claimed`: the content whose hash is announced instead."""
    announced = content if claimed is None else claimed
    sha256 = hashlib.sha256(announced).hexdigest()
    body = {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": sha256, "size": len(announced)}]}
    [item] = api("POST", f"/{repository}.git/info/lfs/objects/batch", body, token).json()["objects"]
    if "actions" not in item:
        return item
    assert put(item["actions"]["upload"]["href"], content).status == 200
    return api("POST", f"/{repository}.git/info/lfs/verify", {"oid": sha256, "size": len(announced)}, token)


def test_a_regular_file_goes_up_and_comes_back_with_the_clients_headers(api: Api, ada: dict[str, str]) -> None:
    made = api.commit("ada/net", [file_line("config.json", b'{"a": 1}')], **ada).json()
    assert made["commitUrl"].endswith(f"/ada/net/commit/{made['commitOid']}")
    head = api("HEAD", "/ada/net/resolve/main/config.json")
    assert head["X-Repo-Commit"] == made["commitOid"]
    assert head["ETag"] == '"' + hashlib.sha1(b'blob 8\0{"a": 1}').hexdigest() + '"'
    assert head["Content-Length"] == "8"
    assert api("GET", "/ada/net/resolve/main/config.json").content == b'{"a": 1}'
    part = api("GET", "/ada/net/resolve/main/config.json", Range="bytes=1-3")
    assert (part.status_code, part.content, part["Content-Range"]) == (206, b'"a"', "bytes 1-3/8")
    assert api("GET", "/ada/net/resolve/main/config.json", Range="bytes=8-").status_code == 416


def test_a_missing_file_is_told_with_its_commit_and_a_missing_revision_apart(api: Api, ada: dict[str, str]) -> None:
    answer = api("HEAD", "/ada/net/resolve/main/nosuch.json")
    assert (answer.status_code, answer["X-Error-Code"]) == (404, "EntryNotFound")
    assert len(answer["X-Repo-Commit"]) == 40
    answer = api("HEAD", "/ada/net/resolve/nosuch/x")
    assert (answer.status_code, answer["X-Error-Code"]) == (404, "RevisionNotFound")


def test_the_tree_gives_git_ids_and_pages_by_link(api: Api, ada: dict[str, str]) -> None:
    api.commit("ada/net", [file_line(f"d/{number}.txt", b"x") for number in range(5)], **ada)
    entries = api("GET", "/api/models/ada/net/tree/main?recursive=true&expand=true").json()
    assert [entry["path"] for entry in entries][:3] == [".gitattributes", "d", "d/0.txt"]
    assert entries[2]["oid"] == hashlib.sha1(b"blob 1\0x").hexdigest()
    assert entries[2]["lastCommit"]["title"] == "a change"
    page = api("GET", "/api/models/ada/net/tree/main/d?limit=2")
    assert [entry["path"] for entry in page.json()] == ["d/0.txt", "d/1.txt"]
    following = api("GET", page["Link"].partition("<http://testserver")[2].partition(">")[0])
    assert [entry["path"] for entry in following.json()] == ["d/2.txt", "d/3.txt"]
    assert api("GET", "/api/models/ada/net/tree/main/nosuch")["X-Error-Code"] == "EntryNotFound"


def test_paths_info_answers_a_form_and_leaves_out_what_is_missing(api: Api, ada: dict[str, str]) -> None:
    answer = api.client.post(
        "/api/models/ada/net/paths-info/main", "paths=.gitattributes&paths=nosuch&expand=false",
        content_type="application/x-www-form-urlencoded",
    )  # fmt: skip
    assert [entry["path"] for entry in answer.json()] == [".gitattributes"]


@pytest.mark.parametrize(
    ("path", "size", "sample", "mode"),
    [
        ("a.txt", 5, b"hello", "regular"), ("a.safetensors", 5, b"hello", "lfs"), ("a.dat", 5, b"\0\1", "lfs"),
        ("a.txt", 20_000_000, b"hello", "lfs"), ("empty.bin", 0, b"", "regular"), ("cut.txt", 5, "é".encode()[:1], "regular"),
    ],
)  # fmt: skip
def test_preupload_decides_which_way_a_file_goes(
    api: Api, ada: dict[str, str], path: str, size: int, sample: bytes, mode: str
) -> None:
    asked = {"path": path, "size": size, "sample": base64.b64encode(sample).decode()}
    answer = api("POST", "/api/models/ada/net/preupload/main", {"files": [asked], "gitIgnore": "*.log"}, **ada).json()
    assert answer["files"] == [{"path": path, "uploadMode": mode, "shouldIgnore": False}]


def test_preupload_holds_no_process_for_minutes(api: Api, ada: dict[str, str]) -> None:
    folders = "/".join(["a" * 30] * 30)
    files = [{"path": f"{number}/{folders}/x", "size": 1} for number in range(1000)]
    rules = "\n".join(f"{'*a*' * 100}{number}" for number in range(1000))
    answer = api("POST", "/api/models/ada/net/preupload/main", {"files": files, "gitIgnore": rules}, **ada)
    assert answer.status_code == 413
    assert "fewer" in answer.json()["error"]
    few = api("POST", "/api/models/ada/net/preupload/main", {"files": files[:9], "gitIgnore": rules}, **ada)
    assert few.status_code == 200


def test_a_large_file_goes_to_storage_and_comes_back_by_redirect(api: Api, ada: dict[str, str]) -> None:
    content = b"\0weights" * 1000
    assert upload_lfs(api, content, **ada).status_code == 200
    assert api.commit("ada/net", [lfs_line(content)], **ada).status_code == 200
    head = api("HEAD", "/ada/net/resolve/main/m.bin")
    sha256 = hashlib.sha256(content).hexdigest()
    assert (head["X-Linked-Etag"], head["X-Linked-Size"]) == (f'"{sha256}"', str(len(content)))
    found = api("GET", "/ada/net/resolve/main/m.bin")
    assert found.status_code == 302
    assert urllib3.request("GET", found["Location"]).data == content
    [entry] = [entry for entry in api("GET", "/api/models/ada/net/tree/main").json() if entry["path"] == "m.bin"]
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(content)}\n".encode()
    assert entry["lfs"] == {"oid": sha256, "size": len(content), "pointerSize": len(pointer)}
    assert entry["oid"] == hashlib.sha1(b"blob %d\0" % len(pointer) + pointer).hexdigest()


def test_a_commit_finishes_an_upload_whose_client_never_verified(api: Api, ada: dict[str, str]) -> None:
    content = b"abc" * 100
    body = {"operation": "upload", "objects": [{"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}]}
    [item] = api("POST", "/ada/net.git/info/lfs/objects/batch", body, **ada).json()["objects"]
    put(item["actions"]["upload"]["href"], content)
    assert api.commit("ada/net", [lfs_line(content)], **ada).status_code == 200


@pytest.mark.parametrize(
    ("sent", "claimed"), [(b"short", b"longer one"), (b"other bytes", b"their bytes")], ids=["wrong size", "wrong hash"]
)
def test_bytes_that_are_not_what_was_announced_never_count(
    api: Api, ada: dict[str, str], sent: bytes, claimed: bytes
) -> None:
    answer = upload_lfs(api, sent, claimed=claimed, **ada)
    assert answer.status_code == 422
    assert not LfsObject.objects.exists()
    assert not UploadSession.objects.filter(failure="").exists()
    answer = api.commit("ada/net", [lfs_line(claimed, "stolen.bin")], **ada)
    assert (answer.status_code, "stolen.bin" in answer.json()["error"]) == (400, True)


def test_what_is_put_through_a_presigned_address_later_changes_nothing(api: Api, ada: dict[str, str]) -> None:
    content = b"verified"
    sha256 = hashlib.sha256(content).hexdigest()
    body = {"operation": "upload", "objects": [{"oid": sha256, "size": len(content)}]}
    [item] = api("POST", "/ada/net.git/info/lfs/objects/batch", body, **ada).json()["objects"]
    address = item["actions"]["upload"]["href"]
    put(address, content)
    assert api("POST", "/ada/net.git/info/lfs/verify", {"oid": sha256, "size": len(content)}, **ada).status_code == 200
    assert put(address, b"replaced").status == 200  # the address still works
    key = LfsObject.objects.get(sha256=sha256).plain_key
    assert key is not None
    assert storage.get(key) == content


def test_knowing_a_hash_is_not_having_the_content(api: Api, ada: dict[str, str]) -> None:
    content = b"private weights"
    owner = make.user("bob")
    make.repository(owner, "secret", private=True)
    bob = make.token(owner)
    upload_lfs(api, content, bob, repository="bob/secret")
    api.commit("bob/secret", [lfs_line(content)], bob)
    assert api.commit("ada/net", [lfs_line(content)], **ada).status_code == 400
    body = {"operation": "upload", "objects": [{"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}]}
    [item] = api("POST", "/ada/net.git/info/lfs/objects/batch", body, **ada).json()["objects"]
    assert "actions" in item  # asked to send it, as if it were new
    body["operation"] = "download"
    [item] = api("POST", "/ada/net.git/info/lfs/objects/batch", body, **ada).json()["objects"]
    assert item["error"]["code"] == 404


def test_public_content_is_copied_by_reference(api: Api, ada: dict[str, str]) -> None:
    content = b"public weights"
    owner = make.user("bob")
    make.repository(owner, "open")
    bob = make.token(owner)
    upload_lfs(api, content, bob, repository="bob/open")
    assert "actions" not in upload_lfs(api, content, **ada)
    [_, line] = lfs_line(content)
    del line["size"]
    assert api.commit("ada/net", [("lfsFile", line)], **ada).status_code == 200


def test_multipart_uploads_are_joined_without_credentials_by_a_signed_address(
    api: Api, ada: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models_registry.services.uploads.SINGLE_PUT_LIMIT", 1)
    monkeypatch.setattr("models_registry.services.uploads.PART_SIZE", 5 * 1024 * 1024)
    content = bytes(range(256)) * 4096 * 6
    sha256 = hashlib.sha256(content).hexdigest()
    body = {
        "operation": "upload",
        "transfers": ["basic", "multipart"],
        "objects": [{"oid": sha256, "size": len(content)}],
    }
    answer = api("POST", "/ada/net.git/info/lfs/objects/batch", body, **ada).json()
    assert answer["transfer"] == "multipart"
    upload = answer["objects"][0]["actions"]["upload"]
    size = int(upload["header"].pop("chunk_size"))
    parts = [
        {
            "partNumber": int(number),
            "etag": put(url, content[(int(number) - 1) * size : int(number) * size]).headers["ETag"],
        }
        for number, url in upload["header"].items()
    ]
    path = upload["href"].removeprefix("http://testserver")
    assert api("POST", path[:-3] + "xxx", {"oid": sha256, "parts": parts}).status_code == 403
    for _ in range(2):
        assert api("POST", path, {"oid": sha256, "parts": parts}).status_code == 200
    assert api.commit("ada/net", [lfs_line(content)], **ada).status_code == 200


def test_a_stale_parent_gets_412(api: Api, ada: dict[str, str]) -> None:
    first = api.commit("ada/net", [file_line("a", b"1")], **ada).json()["commitOid"]
    assert api.commit("ada/net", [file_line("a", b"2")], parentCommit=first, **ada).status_code == 200
    assert api.commit("ada/net", [file_line("a", b"3")], parentCommit=first, **ada).status_code == 412


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([("file", {"path": "../x", "content": ""})], 422),
        ([("file", {"path": "x"})], 400),
        ([("file", {"path": "x", "content": "%%", "encoding": "base64"})], 400),
        ([("deletedFile", {"path": "nosuch"})], 404),
        ([("nosuch", {"path": "x"})], 400),
        ([("lfsFile", {"path": "x", "oid": "nohash"})], 400),
    ],
)
def test_a_bad_commit_is_refused_whole(api: Api, ada: dict[str, str], lines: Any, status: int) -> None:
    before = api("GET", "/api/models/ada/net").json()["sha"]
    assert api.commit("ada/net", [file_line("good", b"1"), *lines], **ada).status_code == status
    assert api("GET", "/api/models/ada/net").json()["sha"] == before


def test_reading_tokens_do_not_commit(api: Api, ada: dict[str, str]) -> None:
    reader = make.token(make.token_row(ada["token"]).user, "read")
    assert api.commit("ada/net", [file_line("a", b"1")], reader).status_code == 403
    assert api.commit("ada/net", [file_line("a", b"1")]).status_code == 401
    assert api.commit("ada/net", [file_line("a", b"1")], make.token(make.user())).status_code == 403


def test_branches_and_tags(api: Api, ada: dict[str, str]) -> None:
    assert api("POST", "/api/models/ada/net/branch/feature%2Fx", {}, **ada).status_code == 200
    assert api("POST", "/api/models/ada/net/branch/feature%2Fx", {}, **ada).status_code == 409
    assert (
        api("POST", "/api/models/ada/net/branch/y", {"startingPoint": "nosuch"}, **ada)["X-Error-Code"]
        == "RevisionNotFound"
    )
    assert api("DELETE", "/api/models/ada/net/branch/main", **ada).status_code == 403
    assert api("POST", "/api/models/ada/net/tag/main", {"tag": "v1", "message": "first"}, **ada).status_code == 200
    assert api("POST", "/api/models/ada/net/tag/main", {"tag": "v 1"}, **ada).status_code == 422
    refs = api("GET", "/api/models/ada/net/refs").json()
    head = api("GET", "/api/models/ada/net").json()["sha"]
    assert [(ref["name"], ref["targetCommit"]) for ref in refs["branches"]] == [("feature/x", head), ("main", head)]
    assert refs["tags"] == [{"name": "v1", "ref": "refs/tags/v1", "targetCommit": head}]
    for revision in ("v1", "feature/x", "refs/heads/main", head, head[:8], "HEAD"):
        assert api("GET", f"/api/models/ada/net/revision/{revision}").json()["sha"] == head
        assert api("HEAD", f"/ada/net/resolve/{revision}/.gitattributes").status_code == 200
    assert api("GET", "/api/models/ada/net/tree/feature/x").status_code == 200
    assert api("DELETE", "/api/models/ada/net/tag/v1", **ada).status_code == 200
    assert api("DELETE", "/api/models/ada/net/tag/v1", **ada)["X-Error-Code"] == "RevisionNotFound"


def test_a_card_without_metadata_is_warned_and_a_broken_one_refused(api: Api) -> None:
    assert api("POST", "/api/validate-yaml", {"content": "# hi", "repoType": "model"}).json()["warnings"]
    answer = api("POST", "/api/validate-yaml", {"content": "---\na: [\n---\n"})
    assert (answer.status_code, bool(answer.json()["errors"])) == (400, True)


def test_card_classes_ask_for_the_verdict_in_words(client: Client) -> None:
    body = {"content": "---\nlicense: asdf\n---\n", "repoType": "model"}
    answer = client.post("/api/validate-yaml", body, "application/json", headers={"Accept": "text/plain"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert answer.text.startswith('- Error: "license" must be one of')
    body["content"] = "# hi"
    answer = client.post("/api/validate-yaml", body, "application/json", headers={"Accept": "text/plain"})
    assert (answer.status_code, answer.text.startswith("- Warning: ")) == (200, True)


@pytest.mark.parametrize(
    ("summary", "description", "title", "message"),
    [
        ("one", "two", "one", "two"),
        ("one\n\ntwo", "three", "one", "two\n\nthree"),
        ("one\r\nline\n\ntwo\n", "", "one line", "two"),
    ],
)
def test_a_title_is_what_git_takes_for_one(
    api: Api, ada: dict[str, str], summary: str, description: str, title: str, message: str
) -> None:
    change = [file_line("a.txt", b"1")]
    assert api.commit("ada/net", change, ada["token"], summary=summary, description=description).status_code == 200
    (newest, *_) = api("GET", "/api/models/ada/net/commits/main").json()
    assert (newest["title"], newest["message"]) == (title, message)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("header", {"summary": "half \ud800"}),
        ("header", {"summary": "a", "description": "a\0b"}),
        ("header", {"summary": "a", "description": "x" * 70_000}),
        ("file", {"path": "a", "content": "half \ud800", "encoding": "utf-8"}),
        ("deletedFile", {"path": "x" * 5000}),
    ],
)
def test_a_commit_with_text_that_cannot_be_kept_is_refused(
    api: Api, ada: dict[str, str], key: str, value: dict[str, Any]
) -> None:
    assert 400 <= api.commit("ada/net", [(key, value)], **ada).status_code < 500


def open_parts(api: Api, ada: dict[str, str], size: int = 70 * 2**20) -> dict[str, Any]:
    """What the batch call says of an upload in parts."""
    body = {"operation": "upload", "transfers": ["multipart"], "objects": [{"oid": "d" * 64, "size": size}]}
    [item] = api("POST", "/ada/net.git/info/lfs/objects/batch", body, ada["token"]).json()["objects"]
    return item["actions"]["upload"]


@pytest.mark.parametrize(
    "parts",
    [
        *(None, 5, True, {}, "x", [], [1]),
        [{"partNumber": 1, "etag": "a b"}],
        [{"partNumber": 1, "etag": "x"}],
        [{"partNumber": number, "etag": "never-sent"} for number in (1, 2, 3)],
    ],
)
def test_a_wrong_list_of_parts_is_refused(api: Api, ada: dict[str, str], parts: Any) -> None:
    address = open_parts(api, ada)["href"]
    assert 400 <= api("POST", address, {"parts": parts}).status_code < 500


@pytest.mark.parametrize("transfers", [5, True, 1.5, "multipart", {"a": 1}, [None]])
def test_transfers_of_another_type_are_as_none(api: Api, ada: dict[str, str], transfers: Any) -> None:
    body = {"operation": "upload", "transfers": transfers, "objects": [{"oid": "d" * 64, "size": 5}]}
    assert api("POST", "/ada/net.git/info/lfs/objects/batch", body, ada["token"]).json()["transfer"] == "basic"


@pytest.mark.parametrize("operation", ["upload", "download"])
def test_a_batch_costs_the_same_queries_for_many_objects(
    api: Api, ada: dict[str, str], operation: str, django_assert_max_num_queries: Any
) -> None:
    objects = [{"oid": f"{number:064x}", "size": 5} for number in range(200)]
    with django_assert_max_num_queries(16):
        answer = api("POST", "/ada/net.git/info/lfs/objects/batch", {"operation": operation, "objects": objects}, **ada)
    assert len(answer.json()["objects"]) == 200


def test_large_content_goes_in_large_parts_and_a_batch_has_a_limit(api: Api, ada: dict[str, str]) -> None:
    assert len(open_parts(api, ada, 2**40)["header"]) == 1001
    objects = [{"oid": f"{number:064x}", "size": 2**40} for number in range(50)]
    body = {"operation": "upload", "transfers": ["multipart"], "objects": objects}
    assert api("POST", "/ada/net.git/info/lfs/objects/batch", body, **ada).status_code == 413
    [too_large] = api(
        "POST", "/ada/net.git/info/lfs/objects/batch", {**body, "objects": [{"oid": "e" * 64, "size": 2**41}]}, **ada
    ).json()["objects"]
    assert too_large["error"]["code"] == 413


def test_a_path_that_no_file_can_have_is_not_remembered(api: Api, ada: dict[str, str]) -> None:
    before = resolving._entry_at.cache_info().currsize
    answer = api("GET", f"/ada/net/resolve/main/{'x' * 3000}")
    assert (answer.status_code, answer["X-Error-Code"]) == (404, "EntryNotFound")
    assert answer["X-Repo-Commit"]
    assert resolving._entry_at.cache_info().currsize == before


@pytest.mark.parametrize("name", ["0" * 40, "ABCDEF0123" * 4, "HEAD"])
def test_no_branch_or_tag_is_named_like_a_commits_id(api: Api, ada: dict[str, str], name: str) -> None:
    assert api("POST", f"/api/models/ada/net/branch/{name}", {}, **ada).status_code == 422
    assert api("POST", "/api/models/ada/net/tag/main", {"tag": name}, **ada).status_code == 422


def test_a_branch_cannot_be_a_folder_of_branches(api: Api, ada: dict[str, str]) -> None:
    assert api("POST", "/api/models/ada/net/branch/a%2Fb", {}, **ada).status_code == 200
    assert api("POST", "/api/models/ada/net/branch/a", {}, **ada).status_code == 409
    assert api("POST", "/api/models/ada/net/branch/a%2Fb%2Fc", {}, **ada).status_code == 409
    assert api("POST", "/api/models/ada/net/branch/ab", {}, **ada).status_code == 200


def test_a_property_named_twice_is_computed_once(
    api: Api, ada: dict[str, str], django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(12):
        api("GET", "/api/models/ada/net?" + "expand=siblings&" * 50)
