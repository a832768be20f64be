"""Is this README's front matter valid?"""

from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from hub.errors import BadRequest
from hub.wire.describing import describe
from hub.wire.views import HubApiView, json_object
from models_registry.formats import card
from models_registry.hf_api.shapes import identity as shapes


class ValidateYaml(HubApiView):
    """JSON in every case: the client parses the body before it looks at the status."""

    @describe(body=shapes.CardText, answer=shapes.CardVerdict, also={400: shapes.CardVerdict})
    def post(self, request: ActorApiRequest) -> Response:
        try:
            content = json_object(request).get("content")
        except BadRequest as error:
            return _refusal(str(error))
        if not isinstance(content, str):
            return _refusal("The body needs the card's text as 'content'.")
        errors, warnings = card.validate(content)
        answer = {
            "errors": [{"message": message} for message in errors],
            "warnings": [{"message": message} for message in warnings],
        }
        return Response(answer, status=400 if errors else 200)


def _refusal(reason: str) -> Response:
    return Response({"errors": [{"message": reason}], "warnings": []}, status=400)
