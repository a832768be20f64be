"""A thread of ten thousand comments: read by pages, and whole, in few queries and bounded time."""

import time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Actor
from models_registry.community.models import CommentEdit, Event, Reaction
from models_registry.community.services import discussions
from tests import make

pytestmark = pytest.mark.django_db

COMMENTS = 10_000


def test_ten_thousand_comments_are_read_by_pages_and_whole():
    repository = make.repository()
    people = [make.user() for _ in range(20)]
    actor = Actor(user=repository.creator)
    thread = discussions.open_discussion(actor=actor, repository=repository, title="Long", text="It begins.")
    made = Event.objects.bulk_create(
        Event(discussion=thread, author=people[number % 20], kind="comment", text=f"Comment {number}", html="<p>x</p>")
        for number in range(COMMENTS - 1)
    )
    CommentEdit.objects.bulk_create(CommentEdit(event=event, editor=event.author, text="x") for event in made[::10])
    Reaction.objects.bulk_create(Reaction(event=event, user=people[0], sign="👍") for event in made[::5])

    with CaptureQueriesContext(connection) as captured:
        began = time.process_time()
        page = discussions.timeline(thread, actor, after=made[5000].pk, limit=50)
        by_page = time.process_time() - began
    assert [event.pk for event in page] == [event.pk for event in made[5001:5051]]
    assert len(captured) <= 5
    with CaptureQueriesContext(connection) as captured:
        began = time.process_time()
        answer = Client().get(f"/api/models/{repository.full_name}/discussions/{thread.number}")
        whole = time.process_time() - began
    assert len(answer.json()["events"]) == COMMENTS
    most = 60 if connection.vendor == "sqlite" else 15  # SQLite takes few values in one statement
    assert len(captured) <= most
    began = time.process_time()
    discussions.comment(actor=actor, discussion=thread, text="One more")
    written = time.process_time() - began
    assert by_page < 2
    assert whole < 30
    assert written < 2
