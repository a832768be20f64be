"""What has happened in the community, told within the transaction of the fact itself."""

from django.dispatch import Signal

event_added = Signal()  # event: Event, actor: Actor; for a thread's first comment, too
comment_changed = Signal()  # event: Event, actor: Actor; edited or hidden
mentioned = Signal()  # event: Event, actor: Actor, users: list[User]; members whom a comment names, and who may see it
