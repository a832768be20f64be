from django.db import migrations

from hub.search_indexes import full_text, trigrams


class Migration(migrations.Migration):
    dependencies = [("community", "0001_initial"), ("accounts", "0003_search_indexes")]

    operations = [
        trigrams("discussion_by_title", "community_discussion", "upper(title)"),
        full_text("comment_by_text", "community_event", "text", "kind = 'comment' AND hidden_at IS NULL"),
        trigrams("collection_by_title", "community_collection", "upper(title)"),
    ]
