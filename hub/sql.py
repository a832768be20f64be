"""ORM queries that are asked so often that writing their SQL, or planning it, would cost more than answering it."""

import itertools
from collections.abc import Callable
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from django.db import OperationalError, ProgrammingError, connection
from django.db.models import QuerySet

_numbers = itertools.count(1)


class CompiledQuery:
    """A query set's SQL, compiled once and run with other values; on PostgreSQL planned once a connection (PREPARE).

    build: makes the query set from the values. stand_ins: values to compile it with, unlike any real one and each other;
    they are found again among the parameters. So a rule stays written as a query set, in its one place.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], stand_ins: tuple[Any, ...]):
        self._build = build
        self._stand_ins = stand_ins
        self._name = f"compiled_{next(_numbers)}"
        self._prepared: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()

    @cached_property
    def _compiled(self) -> tuple[str, list[Any]]:
        sql, parameters = self._build(*self._stand_ins).query.sql_with_params()
        return sql, list(parameters)

    def rows(self, *values: Any) -> list[tuple[Any, ...]]:
        """The rows for these values, in the order of the stand-ins."""
        sql, template = self._compiled
        real = dict(zip(self._stand_ins, values, strict=True))
        parameters = [real.get(parameter, parameter) for parameter in template]
        if connection.vendor != "postgresql":
            return self._run(sql, parameters)
        execute = f"EXECUTE {self._name}({', '.join(['%s'] * len(parameters))})"
        self._prepare(sql)
        try:
            return self._run(execute, parameters)
        except (OperationalError, ProgrammingError):
            if connection.in_atomic_block:
                raise
            connection.close()  # the server was restarted, or a pooler gave us another session
            self._prepare(sql)
            return self._run(execute, parameters)

    def _run(self, sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall()

    def _prepare(self, sql: str) -> None:
        connection.ensure_connection()
        if connection.connection not in self._prepared:
            numbered = sql
            for number in range(1, sql.count("%s") + 1):
                numbered = numbered.replace("%s", f"${number}", 1)
            with connection.cursor() as cursor:
                cursor.execute(f"PREPARE {self._name} AS {numbered}")
            self._prepared[connection.connection] = True
