"""Indexes that one database has and another has not: the one place that knows the difference."""

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


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
