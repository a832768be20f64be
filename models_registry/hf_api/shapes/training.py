"""Curves of trainings."""

from typing import Any

from rest_framework import serializers

from hub.wire.describing import text

RUN = text(
    "run", "Which run, as it is named without this; several times for several, at most ten. All without, up to ten."
)
TAG = text("tag", "Whose points to give; several times for several, at most fifty. None without.")


class Run(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="The folder of its event files, or the path of its trainer_state.json.")
    problems = serializers.ListField(child=serializers.CharField(), help_text="What of its logs could not be read.")


class Curve(serializers.Serializer[Any]):
    run = serializers.CharField()
    tag = serializers.CharField()
    points: Any = serializers.ListField(
        child=serializers.ListField(),
        help_text="[step, seconds since 1970 or null, value], by step; of each stretch the lowest and the highest, 1,000 a log.",
    )
    num_points = serializers.IntegerField(help_text="How many the logs hold.")
    num_not_finite = serializers.IntegerField(help_text="How many more are infinite or no number.")


class Metrics(serializers.Serializer[Any]):
    commit = serializers.RegexField("^[0-9a-f]{40}$", allow_null=True, help_text="Of which commit this is told.")
    runs = Run(many=True)
    tags = serializers.ListField(child=serializers.CharField(), help_text="Of the runs that were asked for.")
    curves = Curve(many=True)
