"""What a user does: upload a folder to a private repository, fetch it elsewhere. Runs in the client's own interpreter.

round_trip.py REPOSITORY FOLDER ELSEWHERE: prints as JSON the SHA-256 of each file that came back.
"""

import hashlib
import json
import sys
from pathlib import Path

from huggingface_hub import HfApi, snapshot_download


def main(repository: str, folder: str, elsewhere: str) -> None:
    api = HfApi()
    api.create_repo(repository, private=True, exist_ok=True)
    api.upload_folder(repo_id=repository, folder_path=folder)
    fetched = Path(snapshot_download(repository, cache_dir=elsewhere))
    digests = {}
    for path in sorted(fetched.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                digests[path.relative_to(fetched).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    sys.stdout.write("\n" + json.dumps(digests) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
