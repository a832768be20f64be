"""A program, run as `python -m`: cuts what it reads into chunks with the stock client's own library, and sends them to the CAS.

On its standard input come a line of JSON (endpoint, token, expires, sha256, size) and then the bytes. It ends with 0 once
the CAS has registered the file. A process of its own, because the library takes its cache folder from the environment,
and keeps its threads and its memory as long as the process lives.
"""

import json
import sys

import hf_xet

_BLOCK = 1024 * 1024
_SETTINGS = {
    "client.ac_max_upload_concurrency": 2,  # each holds a xorb of up to 64 MiB
    "client.retry_max_attempts": 3,  # the job is tried again anyway
    "client.retry_base_delay": "500ms",
    "telemetry.enabled": False,
}


def main() -> None:
    source = sys.stdin.buffer
    order = json.loads(source.readline())
    session = hf_xet.XetSession(hf_xet.XetConfig().with_config(_SETTINGS))
    upload = session.new_upload_commit(
        endpoint=order["endpoint"], token=order["token"], token_expiry_unix_secs=order["expires"]
    )
    with upload, upload.start_upload_stream(name=order["sha256"], sha256=order["sha256"]) as stream:
        left = order["size"]
        while left and (block := source.read(min(_BLOCK, left))):
            stream.write(block)
            left -= len(block)
        if left:
            raise EOFError(f"{left} bytes of the content did not come.")


if __name__ == "__main__":
    main()
