"""The real git against a live hub: clone, fetch, push, and what is refused."""

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from huggingface_hub import CommitOperationAdd, HfApi

from tests.clients.conftest import until_in_chunks
from tests.clients.git_client import Git
from tests.live import LiveHub, Member
from tests.services import require

pytestmark = pytest.mark.live


@pytest.fixture
def git(live_hub: LiveHub, author: Member, tmp_path: Path) -> Git:
    require("git")
    return Git(live_hub, author, tmp_path / "author")


@pytest.fixture
def nobody(live_hub: LiveHub, tmp_path: Path) -> Git:
    require("git")
    return Git(live_hub, None, tmp_path / "nobody")


def add(api: HfApi, repository: str, files: dict[str, str], message: str = "by the API") -> str:
    operations = [CommitOperationAdd(path, content.encode()) for path, content in files.items()]
    return api.create_commit(repository, operations, commit_message=message).oid


@pytest.mark.parametrize("suffix", [".git", "", "/"])
@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_what_the_api_commits_is_cloned(api: HfApi, nobody: Git, repository: str, version: str, suffix: str):
    head = add(api, repository, {"a/b/one.txt": "1", "two.txt": "2"})
    folder = nobody.clone(repository, "-c", f"protocol.version={version}", suffix=suffix.strip("/"))
    assert nobody("rev-parse", "HEAD", at=folder) == head
    assert (folder / "a" / "b" / "one.txt").read_text() == "1"
    assert nobody("fsck", "--strict", at=folder) == ""
    head = add(api, repository, {"three.txt": "3"})
    nobody("pull", "--quiet", at=folder)
    assert nobody("rev-parse", "HEAD", at=folder) == head


def test_a_dataset_is_cloned_at_its_own_address(api: HfApi, git: Git, new_name: Callable[[], str]):
    name = api.create_repo(new_name(), repo_type="dataset").repo_id
    folder = git.clone(f"datasets/{name}", suffix="")
    git.commit(folder, {"data.csv": "a,b\n1,2\n"})
    git("push", "--quiet", at=folder)
    assert api.file_exists(name, "data.csv", repo_type="dataset")


def test_what_is_pushed_appears_at_once_with_the_same_ids(api: HfApi, git: Git, repository: str, author: Member):
    folder = git.clone(repository)
    head = git.commit(folder, {"README.md": "# Pushed\n", "a/x.bin": b"\0\1\2" * 100}, "First line\n\nand a body")
    git("push", "--quiet", at=folder)
    assert api.model_info(repository).sha == head
    newest = api.list_repo_commits(repository)[0]
    assert (newest.commit_id, newest.title, newest.message, newest.authors) == (
        head, "First line", "and a body", [author.name],
    )  # fmt: skip
    [entry] = api.get_paths_info(repository, ["a/x.bin"])
    assert entry.blob_id == git("rev-parse", "HEAD:a/x.bin", at=folder)
    following = add(api, repository, {"more.txt": "more"})
    git("pull", "--quiet", at=folder)
    assert git("rev-parse", "HEAD~1", at=folder) == head
    assert git("rev-parse", "HEAD", at=folder) == following


def wait_for(what: Callable[[], object], *, seconds: float = 30) -> object:
    deadline = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def test_branches_and_tags_come_and_go(api: HfApi, git: Git, repository: str):
    folder = git.clone(repository)
    git("checkout", "--quiet", "-b", "wip/idea", at=folder)
    head = git.commit(folder, {"idea.txt": "an idea"})
    git("tag", "light", at=folder)
    git("tag", "--annotate", "--message", "words", "heavy", at=folder)
    git("push", "--quiet", "origin", "wip/idea", "light", "heavy", at=folder)
    refs = api.list_repo_refs(repository)
    assert {(tag.name, tag.target_commit) for tag in refs.tags} == {("light", head), ("heavy", head)}
    assert head in {branch.target_commit for branch in refs.branches}
    assert api.model_info(repository, revision="heavy").sha == head
    git("push", "--quiet", "origin", "--delete", "wip/idea", "light", "heavy", at=folder)
    refs = api.list_repo_refs(repository)
    assert [branch.name for branch in refs.branches] == ["main"]
    assert not refs.tags
    assert "default branch" in git.refused("push", "origin", "--delete", "main", at=folder)


def test_a_push_that_is_behind_is_refused_and_goes_through_after_a_pull(api: HfApi, git: Git, repository: str):
    folder = git.clone(repository)
    add(api, repository, {"theirs.txt": "theirs"})
    git.commit(folder, {"mine.txt": "mine"})
    assert "fetch first" in git.refused("push", at=folder)
    git("pull", "--quiet", "--no-rebase", "--no-edit", at=folder)
    git("push", "--quiet", at=folder)
    listed = [commit.commit_id for commit in api.list_repo_commits(repository)]
    assert listed == git("log", "--format=%H", at=folder).split()


def test_merged_history_is_listed_as_git_lists_it_a_page_at_a_time(api: HfApi, git: Git, repository: str):
    folder = git.clone(repository)
    for number in range(4):
        git("checkout", "--quiet", "-b", f"side{number}", "main", at=folder)
        for step in range(3):
            git.commit(folder, {f"side{number}/{step}": f"{number} {step}"}, f"{number} {step}")
        git("checkout", "--quiet", "main", at=folder)
        git.commit(folder, {f"main{number}": str(number)}, f"main {number}")
        git("merge", "--quiet", "--no-ff", "--no-edit", f"side{number}", at=folder)
    git("push", "--quiet", "origin", "main", at=folder)
    listed = [commit.commit_id for commit in api.list_repo_commits(repository)]
    assert sorted(listed) == sorted(git("rev-list", "HEAD", at=folder).split())
    position = {oid: index for index, oid in enumerate(listed)}
    for line in git("rev-list", "--parents", "HEAD", at=folder).splitlines():
        child, *parents = line.split()
        assert all(position[child] < position[parent] for parent in parents), "children stand before parents"
    # The same by pages of five.
    paged: list[str] = []
    address: str | None = f"{api.endpoint}/api/models/{repository}/commits/main?limit=5"
    while address:
        answer = requests.get(address, headers={"Authorization": f"Bearer {api.token}"}, timeout=30)
        paged += [entry["id"] for entry in answer.json()]
        address = answer.links.get("next", {}).get("url")
    assert paged == listed


def test_each_file_tells_its_last_commit_as_git_log_does(api: HfApi, git: Git, repository: str):
    folder = git.clone(repository)
    git.commit(folder, {"a/one": "1", "a/b/two": "2", "top": "3"})
    git("checkout", "--quiet", "-b", "side", at=folder)
    git.commit(folder, {"a/b/two": "changed on the side"})
    git("checkout", "--quiet", "main", at=folder)
    git.commit(folder, {"a/one": "changed on main"})
    git("merge", "--quiet", "--no-edit", "side", at=folder)
    git("mv", "a/b", "c", at=folder)
    git.commit(folder, {"c/new": "new"})
    git("push", "--quiet", "origin", "main", at=folder)
    add(api, repository, {"by-api": "on top of what has no history yet"})
    git("pull", "--quiet", at=folder)

    def known() -> dict[str, str] | None:
        entries = list(api.list_repo_tree(repository, recursive=True, expand=True))
        return {e.path: e.last_commit.oid for e in entries} if all(e.last_commit for e in entries) else None

    found = wait_for(known)
    assert isinstance(found, dict)
    assert set(found) == {".gitattributes", "a", "a/one", "c", "c/two", "c/new", "top", "by-api"}
    for path, oid in found.items():
        assert oid == git("log", "-1", "--format=%H", "--", path, at=folder), path


def test_shallow_and_partial_clones_work_and_a_shallow_one_pushes(api: HfApi, git: Git, repository: str):
    for number in range(5):
        add(api, repository, {"file.txt": f"version {number}", f"{number}.txt": "x" * 2000})
    shallow = git.clone(repository, "--depth", "1", to="shallow")
    assert git("rev-list", "--count", "HEAD", at=shallow) == "1"
    head = git.commit(shallow, {"from-shallow.txt": "a push"})
    git("push", "--quiet", at=shallow)
    assert api.model_info(repository).sha == head
    git("fetch", "--quiet", "--deepen", "2", at=shallow)
    assert git("rev-list", "--count", "HEAD", at=shallow) == "4"
    git("fetch", "--quiet", "--unshallow", at=shallow)
    assert git("rev-list", "--count", "HEAD", at=shallow) == "7"
    assert git("fsck", at=shallow) == ""
    for filter_ in ("blob:none", "blob:limit=1k", "tree:0"):
        folder = git.clone(repository, f"--filter={filter_}", to=f"partial-{filter_.replace(':', '-')}")
        assert (folder / "file.txt").read_text() == "version 4"
        assert "version 0" in git("show", "HEAD~5:file.txt", at=folder)
    dated = git.clone(repository, "--shallow-since=2000-01-01", to="dated")
    assert git("rev-list", "--count", "HEAD", at=dated) == "7"


def test_several_references_go_each_for_itself_or_all_together(api: HfApi, git: Git, repository: str):
    folder = git.clone(repository)
    add(api, repository, {"theirs.txt": "theirs"})
    head = git.commit(folder, {"mine.txt": "mine"})
    stale = ["HEAD:refs/heads/main", "HEAD:refs/heads/other"]
    said = git.refused("-c", "push.default=current", "push", "--atomic", "origin", *stale, at=folder)
    assert "rejected" in said
    assert [branch.name for branch in api.list_repo_refs(repository).branches] == ["main"]
    git.refused("push", "origin", *stale, at=folder)
    refs = {branch.name: branch.target_commit for branch in api.list_repo_refs(repository).branches}
    assert refs["other"] == head
    assert refs["main"] != head


def test_of_racing_pushes_one_wins_and_the_others_are_told(
    live_hub: LiveHub, api: HfApi, author: Member, repository: str, tmp_path: Path
):
    require("git")
    clients = [Git(live_hub, author, tmp_path / str(number)) for number in range(6)]
    folders = [client.clone(repository) for client in clients]
    heads = [
        client.commit(folder, {f"{n}.txt": str(n)})
        for n, (client, folder) in enumerate(zip(clients, folders, strict=True))
    ]
    with ThreadPoolExecutor(len(clients)) as pool:
        done = list(
            pool.map(lambda pair: pair[0].run("push", "origin", "main", at=pair[1]), zip(clients, folders, strict=True))
        )
    assert sorted(one.returncode for one in done) == [0, 1, 1, 1, 1, 1], [one.stderr for one in done]
    assert all("rejected" in one.stderr for one in done if one.returncode)
    winner = next(head for head, one in zip(heads, done, strict=True) if one.returncode == 0)
    assert api.model_info(repository).sha == winner
    assert sorted(api.list_repo_files(repository)) == [".gitattributes", f"{heads.index(winner)}.txt"]


def test_large_files_go_by_git_lfs_both_ways(
    live_hub: LiveHub, api: HfApi, git: Git, nobody: Git, repository: str, tmp_path: Path
):
    require("git-lfs")
    content = hashlib.shake_128(b"weights").digest(12 * 2**20)
    folder = git.clone(repository)
    git("lfs", "install", "--local", at=folder)
    git.commit(folder, {"model.safetensors": content})
    git("push", at=folder)
    stored = api.get_paths_info(repository, ["model.safetensors"])[0]
    assert (stored.size, stored.lfs.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert Path(api.hf_hub_download(repository, "model.safetensors", cache_dir=tmp_path)).read_bytes() == content
    filters = ("-c", "filter.lfs.process=git-lfs filter-process", "-c", "filter.lfs.smudge=git-lfs smudge -- %f")
    again = nobody.clone(repository, *filters)
    assert (again / "model.safetensors").read_bytes() == content
    until_in_chunks(api, repository, "model.safetensors")
    later = nobody.clone(repository, *filters, to="later")
    assert (later / "model.safetensors").read_bytes() == content
    by_api = hashlib.shake_128(b"by the api").digest(200_000)
    api.upload_file(path_or_fileobj=by_api, path_in_repo="other.bin", repo_id=repository)
    git("pull", "--quiet", at=folder)
    assert (folder / "other.bin").read_bytes() == by_api


def test_locks_of_git_lfs(live_hub: LiveHub, git: Git, repository: str):
    require("git-lfs")
    folder = git.clone(repository)
    git("lfs", "install", "--local", at=folder)
    git.commit(folder, {"a.bin": b"a" * 100})
    git("push", "--quiet", at=folder)
    git("lfs", "lock", "a.bin", at=folder)
    assert "a.bin" in git("lfs", "locks", at=folder)
    assert "a.bin" in git.refused("lfs", "lock", "a.bin", at=folder)
    git("lfs", "unlock", "a.bin", at=folder)
    assert git("lfs", "locks", at=folder) == ""


def test_a_pointer_without_its_content_is_refused_by_name(api: HfApi, git: Git, repository: str):
    folder = git.clone(repository)
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 1234\n"
    git("config", "filter.lfs.clean", "cat", at=folder)
    git.commit(folder, {"lost.bin": pointer})
    said = git.refused("push", "--no-verify", at=folder)
    assert "lost.bin" in said
    assert "git lfs push --all" in said
    assert api.list_repo_files(repository) == [".gitattributes"]


def test_a_large_plain_file_is_refused_with_the_line_to_type(api: HfApi, git: Git, repository: str):
    folder = git.clone(repository)
    git.commit(folder, {"notes.txt": "x" * (11 * 2**20)})
    said = git.refused("push", at=folder)
    assert "notes.txt" in said
    assert 'git lfs migrate import --everything --include="notes.txt"' in said
    assert api.list_repo_files(repository) == [".gitattributes"]


def test_who_may_not_is_told(
    live_hub: LiveHub, api: HfApi, git: Git, nobody: Git, stranger: Member, repository: str, new_name, tmp_path: Path
):
    private = api.create_repo(new_name(), private=True).repo_id
    for missing in (private, f"{private}-never"):
        assert "could not read Username" in nobody.refused("clone", f"{live_hub.address}/{missing}", "x")
    other = Git(live_hub, stranger, tmp_path / "stranger")
    for missing in (private, f"{private}-never"):
        said = other.refused("clone", f"{live_hub.address}/{missing}", "x")
        assert "not found" in said
    folder = other.clone(repository)
    other.commit(folder, {"mine.txt": "mine"})
    assert "may not write" in other.refused("push", at=folder)
    assert git.clone(private).exists()


def test_racing_with_the_api_loses_nothing(api: HfApi, git: Git, repository: str):
    folder = git.clone(repository)
    for number in range(4):
        git.commit(folder, {f"pushed{number}": "p"})
        with ThreadPoolExecutor(2) as pool:
            pushed = pool.submit(git.run, "push", "origin", "main", at=folder)
            committed = pool.submit(add, api, repository, {f"api{number}": "a"})
            committed.result()
        if pushed.result().returncode:
            assert "rejected" in pushed.result().stderr
            git("pull", "--quiet", "--no-rebase", "--no-edit", at=folder)
            git("push", "--quiet", "origin", "main", at=folder)
        else:
            git("pull", "--quiet", at=folder)
    files = set(api.list_repo_files(repository))
    assert {f"{who}{number}" for who in ("pushed", "api") for number in range(4)} <= files


def test_a_moved_repository_is_cloned_and_pushed_by_its_old_address(api: HfApi, git: Git, nobody: Git, repository: str):
    add(api, repository, {"one.txt": "1"})
    folder = git.clone(repository)
    api.move_repo(repository, f"{repository}-moved")
    assert (nobody.clone(repository) / "one.txt").read_text() == "1"
    (folder / "two.txt").write_text("2")
    git("add", ".", at=folder)
    git("commit", "--quiet", "-m", "by the old address", at=folder)
    git("push", "--quiet", at=folder)
    assert "two.txt" in api.list_repo_files(f"{repository}-moved")
