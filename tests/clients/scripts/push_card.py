"""push_card.py REPOSITORY: push a card and change its metadata, as a training script does; print what is read back."""

import json
import sys

from huggingface_hub import ModelCard, ModelCardData, metadata_update

repository = sys.argv[1]
card = ModelCard(f"---\n{ModelCardData(license='mit', language='en').to_yaml()}\n---\n# Digits\n")
card.push_to_hub(repository, commit_message="the card")
metadata_update(repository, {"pipeline_tag": "image-classification"})
loaded = ModelCard.load(repository)
sys.stdout.write(json.dumps({"license": loaded.data.license, "pipeline_tag": loaded.data.pipeline_tag}) + "\n")
