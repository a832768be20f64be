"""load_transformer.py REPOSITORY: load a pushed model with its tokenizer, print what it answers."""

import json
import sys

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer


def main(repository: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(repository)
    model = AutoModelForSequenceClassification.from_pretrained(repository).eval()
    with torch.no_grad():
        logits = model(**tokenizer("a hub of models", return_tensors="pt")).logits
    sys.stdout.write("\n" + json.dumps([round(value, 6) for value in logits[0].tolist()]) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
