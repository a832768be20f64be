"""What every version of the client asks of a hub besides files. Runs in the client's own interpreter.

finding.py MEMBER STAMP CACHE: makes, moves, finds and deletes repositories whose names hold STAMP; prints what it saw as
JSON.
"""

import json
import sys
from pathlib import Path

from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.utils import GatedRepoError, RepositoryNotFoundError

CARD = b"---\nlicense: mit\npipeline_tag: image-classification\ntags: [digits]\n---\n# Card\n"


def main(member: str, stamp: str, cache: str) -> None:
    api = HfApi()
    seen = {}
    old, new = f"{member}/{stamp}-old", f"{member}/{stamp}-new"
    api.create_repo(old, private=True)
    api.upload_file(path_or_fileobj=CARD, path_in_repo="README.md", repo_id=old)
    before = snapshot_download(old, cache_dir=cache)
    api.move_repo(old, new)
    seen["id"] = api.model_info(old).id
    seen["downloaded"] = Path(hf_hub_download(old, "README.md", cache_dir=f"{cache}-2")).read_bytes() == CARD
    seen["same_snapshot"] = snapshot_download(old, cache_dir=cache) == before
    commit = api.upload_file(
        path_or_fileobj=b"{}", path_in_repo="config.json", repo_id=old, commit_message="by its old name"
    )
    seen["files"] = sorted(api.list_repo_files(new, revision=commit.oid))
    seen["exists"] = [api.repo_exists(old), api.file_exists(old, "config.json"), api.revision_exists(old, "main")]
    api.create_branch(old, branch="dev")
    seen["branches"] = sorted(branch.name for branch in api.list_repo_refs(old).branches)

    seen["listed"] = [model.id for model in api.list_models(author=member, search=stamp)]
    full = next(iter(api.list_models(author=member, search=stamp, full=True, cardData=True, fetch_config=True)))
    seen["full"] = [full.sha == api.model_info(new).sha, sorted(file.rfilename for file in full.siblings)]
    seen["expanded"] = next(iter(api.list_models(author=member, search=stamp, expand=["sha", "likes"]))).likes
    seen["none"] = list(api.list_models(author=member, search=stamp, filter="no-such-tag"))
    for number in range(3):
        api.create_repo(f"{member}/{stamp}-rows-{number}", repo_type="dataset")
    datasets = api.list_datasets(author=member, search=stamp, sort="created_at", limit=2)
    seen["datasets"] = [dataset.id.rpartition("-")[2] for dataset in datasets]
    api.update_repo_settings(new, gated="auto")
    seen["gated"] = api.model_info(new).gated
    api.auth_check(new)
    seen["requests"] = list(api.list_pending_access_requests(new))
    seen["overview"] = api.get_user_overview(member).username
    seen["likes"] = api.list_liked_repos(member).total
    seen["tags"] = sorted(api.get_model_tags().keys() & {"license", "language"})
    api.delete_repo(new)
    seen["gone"] = [api.repo_exists(old), api.repo_exists(new)]
    api.delete_repo(old, missing_ok=True)
    try:
        api.model_info(old)
    except GatedRepoError:
        seen["after"] = "gated"
    except RepositoryNotFoundError:
        seen["after"] = "missing"
    sys.stdout.write("\n" + json.dumps(seen) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
