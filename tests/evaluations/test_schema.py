from django.test import Client


def test_the_hubs_own_api_describes_itself(client: Client) -> None:
    schema = client.get("/api/schema").json()
    assert schema["openapi"].startswith("3.")
    assert "/api/leaderboards/{suite}" in schema["paths"]
    assert "post" in schema["paths"]["/api/evaluations"]
