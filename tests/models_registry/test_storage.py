import contextlib
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from models_registry.errors import StorageUnavailable
from models_registry.storage import s3, self_test
from tests.environment import free_port


def test_the_storage_honours_what_the_hub_relies_on() -> None:
    assert self_test.run() == []


def test_a_storage_that_is_down_is_named_at_start_up(settings: LazySettings) -> None:
    settings.S3_ENDPOINT_URL = settings.S3_PUBLIC_ENDPOINT_URL = "http://127.0.0.1:1"
    s3.client.cache_clear()
    s3._signer.cache_clear()
    try:
        with pytest.raises((CommandError, StorageUnavailable)):
            call_command("check_storage")
    finally:
        s3.client.cache_clear()
        s3._signer.cache_clear()


def test_a_storage_to_which_browsers_may_send_nothing_is_named_with_what_to_do(
    settings: LazySettings, tmp_path: Path
) -> None:
    (tmp_path / settings.S3_BUCKET).mkdir()
    address = f"127.0.0.1:{free_port()}"
    settings.S3_ENDPOINT_URL = settings.S3_PUBLIC_ENDPOINT_URL = f"http://{address}"
    s3.client.cache_clear()
    s3._signer.cache_clear()
    keys = f"{settings.S3_ACCESS_KEY_ID},{settings.S3_SECRET_ACCESS_KEY}"
    rclone = str(Path(sys.executable).parent / "rclone")
    command = [rclone, "serve", "s3", "--no-checksum", "--addr", address, "--auth-key", keys, str(tmp_path)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with contextlib.suppress(StorageUnavailable):
                s3.size_of("ready")
                break
            time.sleep(0.05)
        with pytest.raises(CommandError, match=r"no page of http://testserver send files.*--set-cors"):
            call_command("check_storage")
        with pytest.raises(CommandError, match="does not let CORS rules be set"):
            call_command("check_storage", "--set-cors")
    finally:
        server.terminate()
        server.wait()
        s3.client.cache_clear()
        s3._signer.cache_clear()
