"""Curves of trainings.

The scalars of TensorBoard's event files and of transformers' trainer_state.json on the default branch, read some moments
after each commit.
"""

from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from hub.errors import BadRequest
from hub.wire.describing import describe, text
from models_registry.hf_api.shapes import training as shapes
from models_registry.hf_api.views import RepositoryView
from models_registry.services import training

MOST_RUNS = 10
MOST_TAGS = 50
_LONGEST_WORDS = 200


class Metrics(RepositoryView):
    """Which runs and tags there are, and the points of those that are asked for."""

    @describe(
        answer=shapes.Metrics,
        query=[shapes.RUN, shapes.TAG, text("q", "Words that occur in each tag.")],
    )
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        runs = training.runs_of(request.actor, repository)
        named, tags = request.query_params.getlist("run"), request.query_params.getlist("tag")
        chosen = [run for run in runs if run.name in named] if named else runs[:MOST_RUNS]
        if len(chosen) > MOST_RUNS or len(tags) > MOST_TAGS:
            raise BadRequest(f"At most {MOST_RUNS} runs and {MOST_TAGS} tags are given at once.")
        words = request.query_params.get("q", "")[:_LONGEST_WORDS]
        curves = training.curves(chosen, tags) if tags else {}
        return Response(
            {
                "commit": runs[0].commit if runs else None,
                "runs": [
                    {"name": run.name, "problems": [f"{path}: {problem}" for path, problem in run.problems]}
                    for run in runs
                ],
                "tags": training.tags_of(chosen, words),
                "curves": [
                    {
                        "run": curve.run,
                        "tag": curve.tag,
                        "points": curve.points,
                        "num_points": curve.count,
                        "num_not_finite": curve.not_finite,
                    }
                    for found in curves.values()
                    for curve in found
                ],
            }
        )
