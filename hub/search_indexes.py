"""Indexes that one database has and another has not: the one place that knows the difference."""

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import RunSQL

# Characters of a long text that are looked through. PostgreSQL keeps the words of one text in 1 MiB at most, and refuses a row
# with more; a word with hyphens is kept whole and in parts, which took four times the room at worst.
LONGEST_TEXT = 80_000


class TrigramIndex(models.Index):
    """For `contains`, wherever in the text. On PostgreSQL GIN over trigrams, whose extension comes with the first such
    index; elsewhere an ordinary one, which is at least shorter to read through than the table."""

    def create_sql(
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **kwargs: Any
    ) -> Any:
        if schema_editor.connection.vendor != "postgresql":
            return super().create_sql(model, schema_editor, using, **kwargs)
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        self.opclasses = tuple("gin_trgm_ops" for _ in self.fields)
        try:
            return super().create_sql(model, schema_editor, " USING gin", **kwargs)
        finally:
            self.opclasses = ()


class PostgresIndex(RunSQL):
    """An index on PostgreSQL, and nothing elsewhere. `on`: the table and what follows it in CREATE INDEX."""

    def __init__(self, name: str, on: str):
        self.name, self.on = name, on
        super().__init__(f'CREATE INDEX "{name}" ON {on}', f'DROP INDEX IF EXISTS "{name}"')

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [], {"name": self.name, "on": self.on}

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)


def trigrams(name: str, table: str, expression: str) -> PostgresIndex:
    """For a text wherever it stands, and for words that are spelt nearly so."""
    return PostgresIndex(name, f"{table} USING gin (({expression}) gin_trgm_ops)")


def full_text(name: str, table: str, column: str, condition: str = "") -> PostgresIndex:
    """For words of long texts, in any language: as `matching.with_text` asks."""
    where = f" WHERE {condition}" if condition else ""
    words = f"to_tsvector('simple'::regconfig, COALESCE(LEFT({column}, {LONGEST_TEXT}), ''))"
    return PostgresIndex(name, f"{table} USING gin ({words}){where}")
