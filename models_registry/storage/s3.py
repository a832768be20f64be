"""boto3, with only what every S3 server does: no conditional writes, no stored metadata, no meaning in an ETag."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.utils.translation import gettext_noop

from hub.kept_sentences import sentence
from models_registry.errors import ContentMismatch, StorageUnavailable

# A presigned address is short-lived; uploads of one part may take an hour on a slow line.
READ_SECONDS = 3600
WRITE_SECONDS = 6 * 3600
_READ_BLOCK = 1024 * 1024
_LISTING_ATTEMPTS = 5
_LISTED_AGAIN_AFTER = 0.1
NO_OBJECT = sentence(gettext_noop("The storage has no object %(key)s."))


class Part(NamedTuple):
    number: int
    etag: str


class Stored(NamedTuple):
    """An object as a listing shows it. size: bytes."""

    key: str
    size: int
    modified: datetime


class OpenUpload(NamedTuple):
    """A multipart upload that was neither completed nor aborted."""

    key: str
    upload_id: str
    started: datetime


class ObjectMissing(StorageUnavailable):
    says = gettext_noop(
        "The storage has lost an object that the hub knows of: tell the operator, who can run `manage.py fsck`."
    )
    status = 500


def _client(endpoint: str) -> BaseClient:
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name=settings.S3_REGION,
        aws_access_key_id=settings.S3_ACCESS_KEY_ID,
        aws_secret_access_key=settings.S3_SECRET_ACCESS_KEY,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            # boto3's own defaults send and expect checksums that servers other than AWS lack.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=5,
            read_timeout=60,
            retries={"max_attempts": 3, "mode": "standard"},
            max_pool_connections=64,
        ),
    )


@cache
def client() -> Any:
    return _client(settings.S3_ENDPOINT_URL)


@cache
def _signer() -> Any:
    """Signs addresses for clients, who may reach the storage under another name."""
    return _client(settings.S3_PUBLIC_ENDPOINT_URL)


_BAD_PARTS = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML", "InvalidArgument"})


def _code(error: BaseException | None) -> str:
    """S3's own name of an error."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


@contextlib.contextmanager
def _reported(key: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if _code(error) in {"NoSuchKey", "NoSuchUpload", "404", "NotFound"}:
            raise ObjectMissing(NO_OBJECT % {"key": key}) from error
        raise StorageUnavailable from error
    except BotoCoreError as error:
        raise StorageUnavailable from error


def put(key: str, data: bytes | memoryview) -> None:
    with _reported(key):
        client().put_object(Bucket=settings.S3_BUCKET, Key=key, Body=bytes(data))


def get(key: str) -> bytes:
    """The whole object; only for what is known to be small."""
    with _reported(key):
        return client().get_object(Bucket=settings.S3_BUCKET, Key=key)["Body"].read()


def stream(key: str) -> Iterator[bytes]:
    """The object in blocks of 1 MiB."""
    with _reported(key):
        yield from client().get_object(Bucket=settings.S3_BUCKET, Key=key)["Body"].iter_chunks(_READ_BLOCK)


def size_of(key: str) -> int | None:
    """Bytes of the object, or None if there is none."""
    try:
        with _reported(key):
            return int(client().head_object(Bucket=settings.S3_BUCKET, Key=key)["ContentLength"])
    except ObjectMissing:
        return None


def copy(source: str, target: str) -> None:
    """Within the storage, at most 5 GB."""
    with _reported(source):
        client().copy_object(
            Bucket=settings.S3_BUCKET, Key=target, CopySource={"Bucket": settings.S3_BUCKET, "Key": source}
        )


def delete(key: str) -> None:
    with _reported(key):
        client().delete_object(Bucket=settings.S3_BUCKET, Key=key)


def listing(prefix: str, *, after: str = "", count: int = 1000) -> list[Stored]:
    """Up to `count` objects in the order of their keys, from the first after `after` on. Slow on some servers."""
    for attempts_left in reversed(range(_LISTING_ATTEMPTS)):
        try:
            with _reported(prefix):
                found = client().list_objects_v2(
                    Bucket=settings.S3_BUCKET, Prefix=prefix, StartAfter=after, MaxKeys=count
                )
            break
        except ObjectMissing:  # some servers' word for an object that went while they listed
            if not attempts_left:
                raise
            time.sleep(_LISTED_AGAIN_AFTER)
    return [Stored(item["Key"], item["Size"], item["LastModified"]) for item in found.get("Contents", [])]


def open_uploads(prefix: str) -> Iterator[OpenUpload]:
    """Multipart uploads that are still open, a thousand a request."""
    marks: dict[str, str] = {}
    while True:
        try:
            with _reported(prefix):
                found = client().list_multipart_uploads(Bucket=settings.S3_BUCKET, Prefix=prefix, **marks)
        except ObjectMissing:  # some servers' word for an empty list
            return
        for item in found.get("Uploads", []):
            yield OpenUpload(item["Key"], item["UploadId"], item["Initiated"])
        if not found.get("IsTruncated"):
            return
        marks = {"KeyMarker": found["NextKeyMarker"], "UploadIdMarker": found["NextUploadIdMarker"]}


def create_multipart(key: str) -> str:
    with _reported(key):
        return client().create_multipart_upload(Bucket=settings.S3_BUCKET, Key=key)["UploadId"]


def parts_of(key: str, upload_id: str) -> list[tuple[Part, int]]:
    """What has arrived of an open multipart upload (its first thousand parts), with the bytes of each.

    Raises ObjectMissing if the upload is not open: it was completed, aborted, or forgotten by the server.
    """
    with _reported(key):
        found = client().list_parts(Bucket=settings.S3_BUCKET, Key=key, UploadId=upload_id).get("Parts", [])
    return [(Part(part["PartNumber"], part["ETag"]), part["Size"]) for part in found]


def put_part(key: str, upload_id: str, number: int, data: bytes) -> Part:
    """A part that the hub itself sends."""
    with _reported(key):
        sent = client().upload_part(
            Bucket=settings.S3_BUCKET, Key=key, UploadId=upload_id, PartNumber=number, Body=data
        )
    return Part(number, sent["ETag"])


def complete_multipart(key: str, upload_id: str, parts: Sequence[Part]) -> None:
    """Raises ContentMismatch if these are not the parts that arrived; ObjectMissing if the upload is not open."""
    listed = [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
    try:
        with _reported(key):
            client().complete_multipart_upload(
                Bucket=settings.S3_BUCKET, Key=key, UploadId=upload_id, MultipartUpload={"Parts": listed}
            )
    except StorageUnavailable as error:
        if _code(error.__cause__) in _BAD_PARTS:
            raise ContentMismatch(f"The storage refuses these parts: {_code(error.__cause__)}.") from error
        raise


def abort_multipart(key: str, upload_id: str) -> None:
    with _reported(key):
        client().abort_multipart_upload(Bucket=settings.S3_BUCKET, Key=key, UploadId=upload_id)


def presign_put(key: str) -> str:
    return _signer().generate_presigned_url(
        "put_object", Params={"Bucket": settings.S3_BUCKET, "Key": key}, ExpiresIn=WRITE_SECONDS
    )


def presign_part(key: str, upload_id: str, number: int) -> str:
    return _signer().generate_presigned_url(
        "upload_part",
        Params={"Bucket": settings.S3_BUCKET, "Key": key, "UploadId": upload_id, "PartNumber": number},
        ExpiresIn=WRITE_SECONDS,
    )


def presign_get(
    key: str,
    *,
    byte_range: tuple[int, int] | None = None,
    filename: str = "",
    media_type: str = "",
    public: bool = True,
    seconds: int = READ_SECONDS,
) -> str:
    """An address to read from. `byte_range` [start, end) is signed: the address opens those bytes and no others.

    public: for a client; otherwise for a process of ours, which may reach the storage by another name.
    """
    parameters: dict[str, Any] = {"Bucket": settings.S3_BUCKET, "Key": key}
    if byte_range is not None:
        parameters["Range"] = f"bytes={byte_range[0]}-{byte_range[1] - 1}"
    if filename:
        safe = filename.replace("\\", "_").replace('"', "_")
        parameters["ResponseContentDisposition"] = f'attachment; filename="{safe}";'
        parameters["ResponseContentType"] = "application/octet-stream"
    if media_type:
        parameters["ResponseContentType"] = media_type
    signer = _signer() if public else client()
    return signer.generate_presigned_url("get_object", Params=parameters, ExpiresIn=seconds)


def make_bucket() -> None:
    """Make the bucket if there is none. Raises StorageUnavailable."""
    known = client().exceptions
    with _reported(settings.S3_BUCKET), contextlib.suppress(known.BucketAlreadyOwnedByYou, known.BucketAlreadyExists):
        client().create_bucket(Bucket=settings.S3_BUCKET)


def set_cors(origin: str) -> None:
    """Let pages of that origin read and send objects, in place of the bucket's rules. Raises StorageUnavailable."""
    rule = {
        "AllowedOrigins": [origin],
        "AllowedMethods": ["GET", "HEAD", "PUT"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag", "Content-Range", "Content-Length"],
        "MaxAgeSeconds": 3600,
    }
    with _reported(settings.S3_BUCKET):
        client().put_bucket_cors(Bucket=settings.S3_BUCKET, CORSConfiguration={"CORSRules": [rule]})
