"""Signs in by a browser that is elsewhere. Runs in the client's own interpreter.

device_login.py: prints the codes, waits for a line on its input, prints who it is then, and who after a refresh.
"""

import json
import sys

from huggingface_hub import HfApi
from huggingface_hub.utils._oauth_device import poll_device_token, refresh_access_token, request_device_code


def main() -> None:
    codes = request_device_code()
    sys.stdout.write(json.dumps(codes) + "\n")
    sys.stdout.flush()
    sys.stdin.readline()
    tokens = poll_device_token(codes)
    renewed = refresh_access_token(tokens["refresh_token"])
    names = [HfApi(token=given["access_token"]).whoami()["name"] for given in (tokens, renewed)]
    sys.stdout.write(json.dumps(names) + "\n")


if __name__ == "__main__":
    main()
