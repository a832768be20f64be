from django.db import migrations

from hub.search_indexes import full_text, trigrams


class Migration(migrations.Migration):
    dependencies = [("models_registry", "0001_initial"), ("accounts", "0003_search_indexes")]

    operations = [
        trigrams("repository_by_full_key", "models_registry_repository", "full_key"),
        full_text("card_by_text", "models_registry_card", "text"),
    ]
