"""Rows of datasets."""

from typing import Any

from rest_framework import serializers

from hub.wire.describing import text

CONFIG = text("config", "Which config; the first there is without it.")
SPLIT = text("split", "Which split; the first of the config without it.")


class Split(serializers.Serializer[Any]):
    config = serializers.CharField()
    split = serializers.CharField()
    format = serializers.CharField(help_text="parquet, csv, json, text or imagefolder.")
    num_rows = serializers.IntegerField(allow_null=True, help_text="null where nobody has counted to the end.")
    num_files = serializers.IntegerField()
    num_bytes = serializers.IntegerField()


class Splits(serializers.Serializer[Any]):
    commit = serializers.RegexField("^[0-9a-f]{40}$", allow_null=True, help_text="Of which commit this is told.")
    splits = Split(many=True)


class Feature(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.CharField(help_text="As Parquet says it, else by the values: int, float, string, list …")


class Row(serializers.Serializer[Any]):
    row_idx = serializers.IntegerField()
    row = serializers.DictField(help_text="{column: value}; values of more than 500 characters are cut.")
    truncated_cells = serializers.ListField(
        child=serializers.CharField(), help_text="The columns whose values were cut."
    )


class Rows(serializers.Serializer[Any]):
    config = serializers.CharField()
    split = serializers.CharField()
    commit = serializers.RegexField("^[0-9a-f]{40}$")
    features = Feature(many=True)
    rows = Row(many=True)
    num_rows_total = serializers.IntegerField(allow_null=True)
    num_rows_shown = serializers.IntegerField(help_text="How many rows are kept to be shown, from the first on.")
    problems = serializers.ListField(child=serializers.CharField())


class Statistics(serializers.Serializer[Any]):
    config = serializers.CharField()
    split = serializers.CharField()
    commit = serializers.RegexField("^[0-9a-f]{40}$")
    num_rows_total = serializers.IntegerField(allow_null=True)
    num_rows_seen = serializers.IntegerField(help_text="The rows, from the first on, that the statistics are of.")
    columns: Any = serializers.ListField(
        child=serializers.DictField(),
        help_text="Each with name, type, rows, nulls, and by its type distinct, min, max, mean, std, length, histogram, top.",
    )
    problems = serializers.ListField(child=serializers.CharField())


CROISSANT: dict[str, Any] = {
    "type": "object",
    "description": "JSON-LD of http://mlcommons.org/croissant/1.0.",
    "required": ["@context", "@type", "conformsTo", "name", "distribution"],
}
