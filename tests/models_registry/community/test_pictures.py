"""Pictures of comments: what is taken, where it is shown, when it goes."""

from datetime import timedelta

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Actor, User
from hub.errors import RateLimited
from models_registry import storage
from models_registry.community.models import Picture
from models_registry.community.services import discussions, pictures
from tests import make

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100


def send(content: bytes, token: str | None, media_type: str = "image/png") -> "tuple[int, str]":
    headers = make.bearer(token) if token else {}
    answer = Client().generic("POST", "/uploads", content, content_type=media_type, headers=headers)
    return answer.status_code, answer.content.decode()


def age(picture: Picture) -> None:
    Picture.objects.filter(pk=picture.pk).update(created_at=timezone.now() - timedelta(days=2))


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"GIF89a-rest", "image/gif"),
        (b"RIFF\0\0\0\0WEBPrest", "image/webp"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", None),
        (b"<html>", None),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"", None),
    ],
)
def test_the_kind_of_a_picture_is_told_by_its_bytes(content: bytes, media_type: str | None):
    assert pictures.media_type_of(content) == media_type


def test_a_picture_is_sent_and_shown_as_what_it_is():
    status, address = send(PNG, make.token(make.user()))
    assert (status, address.startswith("http://testserver/uploads/")) == (200, True)
    assert len(address.rpartition("/")[2]) == 43
    shown = Client().get(address.removeprefix("http://testserver"))
    assert (shown.status_code, shown["X-Content-Type-Options"]) == (302, "nosniff")
    bytes_of = httpx.get(shown["Location"])
    assert (bytes_of.content, bytes_of.headers["Content-Type"]) == (PNG, "image/png")


@pytest.mark.parametrize(
    ("content", "who", "status"),
    [
        (PNG, "nobody", 401),
        (PNG, "reader", 403),
        (PNG, "suspended", 403),
        (b"<svg/>", "member", 422),
        (PNG + b"x" * pictures.LARGEST, "member", 413),
    ],
)
def test_what_is_not_taken(content: bytes, who: str, status: int):
    user = make.user()
    token = None if who == "nobody" else make.token(user, "read" if who == "reader" else "write")
    if who == "suspended":
        User.objects.filter(pk=user.pk).update(suspended_reason="spam")
    assert send(content, token)[0] == status
    assert not Picture.objects.exists()


def test_a_member_sends_so_many_a_day(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pictures, "MOST_A_DAY", 2)
    actor = Actor(user=make.user())
    first = pictures.take(actor=actor, content=PNG)
    pictures.take(actor=actor, content=PNG)
    with pytest.raises(RateLimited, match="2 pictures a day"):
        pictures.take(actor=actor, content=PNG)
    age(first)
    pictures.take(actor=actor, content=PNG)


def test_what_no_comment_holds_is_removed_after_a_day():
    repository = make.repository()
    actor = Actor(user=repository.creator)
    kept, edited, unused, fresh = (pictures.take(actor=actor, content=PNG) for _ in range(4))
    text = f"![a]({kept.get_absolute_url()}) ![b](http://testserver{edited.get_absolute_url()})"
    thread = discussions.open_discussion(actor=actor, repository=repository, title="x", text=text)
    discussions.edit(actor=actor, event=thread.events.get(), text=f"![a]({kept.get_absolute_url()})")
    for picture in (kept, edited, unused):
        age(picture)
    pictures.sweep()
    assert set(Picture.objects.all()) == {kept, edited, fresh}  # an edited comment keeps what it said
    assert storage.size_of(unused.key) is None
    repository.delete()
    pictures.sweep()
    assert set(Picture.objects.all()) == {fresh}
    assert Client().get(kept.get_absolute_url()).status_code == 404
