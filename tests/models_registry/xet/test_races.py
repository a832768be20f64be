"""Clients that do the same thing at the same moment: each is served, and what is kept is kept once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import urllib3
from django.conf import settings
from django.db import connections

from hub.errors import HubError
from models_registry import storage
from models_registry.errors import StorageUnavailable
from models_registry.models import LfsObject, RepositoryLfsObject, XetFile, XetTerm, Xorb, XorbHolder
from models_registry.services import reading
from models_registry.services.xet import xorbs
from models_registry.storage import s3
from tests import make
from tests.models_registry.formats.xet_bytes import MadeFile
from tests.models_registry.xet.sending import caller, register, send_xorb, some_xorb, text

pytestmark = pytest.mark.django_db(transaction=True)
MADE = some_xorb(1)
NAME = text(MADE.hash)
AT_ONCE = 4


def together(*work: Callable[[], Any]) -> list[Any]:
    """Run all at the same moment; their results, refusals among them."""
    start = Barrier(len(work))

    def run(one: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return one()
        except HubError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def objects_in_storage() -> int:
    """Of this xorb; those of earlier tests lie there too."""
    listed = s3.client().list_objects_v2(Bucket=settings.S3_BUCKET, Prefix=f"xorbs/{NAME[:2]}/")
    return sum(NAME in found["Key"] for found in listed.get("Contents", []))


def the_kept_one() -> bytes:
    row = Xorb.objects.get(hash=NAME)
    return storage.read_range(row.key, 0, row.packed_size)


def test_a_xorb_that_many_send_at_once_is_stored_once():
    before = objects_in_storage()
    senders = [caller(make.repository()) for _ in range(AT_ONCE)]
    results = together(*(lambda to=to: xorbs.receive(to, NAME, MADE.data) for to in senders))
    assert results == [True] * AT_ONCE
    assert XorbHolder.objects.count() == AT_ONCE
    assert objects_in_storage() == before + 1
    assert the_kept_one() == MADE.data


def test_a_grant_that_is_committed_many_times_at_once_is_kept_once():
    before = objects_in_storage()
    sender = caller(make.repository())
    granted = xorbs.grant_upload(sender, NAME, len(MADE.data))
    assert granted is not None
    assert urllib3.request("PUT", granted.address, body=MADE.data).status == 200
    results = together(*[lambda: xorbs.commit_grant(sender, NAME, granted.grant.id)] * AT_ONCE)
    assert True in results
    assert not [result for result in results if isinstance(result, StorageUnavailable)]
    assert objects_in_storage() == before + 1
    assert the_kept_one() == MADE.data


def test_a_file_that_many_register_at_once_is_one_file_that_each_of_them_has():
    senders = [caller(make.repository()) for _ in range(AT_ONCE)]
    made = MadeFile([(MADE, 0, 3), (MADE, 2, 6)])
    send_xorb(senders[0], MADE)
    assert together(*(lambda to=to: register(to, made) for to in senders)) == [None] * AT_ONCE
    assert XetFile.objects.count() == LfsObject.objects.count() == 1
    assert XetTerm.objects.count() == 2
    assert RepositoryLfsObject.objects.count() == AT_ONCE
    assert b"".join(reading.stream(LfsObject.objects.get())) == made.content
