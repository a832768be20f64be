"""downloads.py REPOSITORY: fetch all of it, and one file again, in a home of one's own."""

import json
import sys

from huggingface_hub import hf_hub_download, snapshot_download

snapshot_download(sys.argv[1])
hf_hub_download(sys.argv[1], "config.json", force_download=True)
sys.stdout.write(json.dumps("fetched"))
