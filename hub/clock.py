"""The one clock that all nodes share: the database's. A lease by a node's own clock would end early where that is wrong."""

from datetime import datetime

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """This moment, as the database knows it; also inside a transaction."""
    if connection.vendor != "postgresql":  # SQLite is on this very machine
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
