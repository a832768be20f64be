import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from models_registry.errors import StorageUnavailable
from models_registry.storage import s3, self_test


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
