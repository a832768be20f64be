"""An upload and a download that take longer than a token lasts. Runs in the client's own interpreter.

slow_transfer.py REPOSITORY TOKEN_ORIGIN PIECES PAUSE: writes pieces of 32 MiB with pauses between them, reads them back with
pauses; tokens are renewed at TOKEN_ORIGIN. Prints as JSON whether the bytes are the same.
"""

import hashlib
import json
import os
import random
import sys
import time

from hf_xet import XetFileInfo, XetSession

PIECE = 32 * 2**20


def main(repository: str, origin: str, pieces: str, pause: str) -> None:
    headers = {"Authorization": f"Bearer {os.environ['HF_TOKEN']}"}
    address = f"{origin}/api/models/{repository}"
    session = XetSession()
    sent = []
    with session.new_upload_commit(
        token_refresh_url=f"{address}/xet-write-token/main", token_refresh_headers=headers
    ) as commit:
        for number in range(int(pieces)):
            content = random.Random(number).randbytes(PIECE)
            stream = commit.start_upload_stream(name=f"piece {number}")
            stream.write(content)
            sent.append((hashlib.sha256(content).hexdigest(), stream.finish().xet_info))
            time.sleep(float(pause))
    group = session.new_download_stream_group(
        token_refresh_url=f"{address}/xet-read-token/main", token_refresh_headers=headers
    )
    came = []
    for _, info in sent:
        digest = hashlib.sha256()
        for block in group.download_stream(XetFileInfo(info.hash, info.file_size)):
            digest.update(block)
        came.append(digest.hexdigest())
        time.sleep(float(pause))
    sys.stdout.write("\n" + json.dumps(came == [sha256 for sha256, _ in sent]) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
