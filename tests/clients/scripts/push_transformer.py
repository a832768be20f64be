"""push_transformer.py REPOSITORY FOLDER: make a tiny BERT and its tokenizer, push both, print what it answers."""

import json
import sys
from pathlib import Path

import torch
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "hub", "of", "models"]


def main(repository: str, folder: str) -> None:
    Path(folder).mkdir(parents=True)
    vocabulary = Path(folder) / "vocab.txt"
    vocabulary.write_text("\n".join(WORDS) + "\n")
    tokenizer = BertTokenizerFast(vocab=str(vocabulary))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    model = BertForSequenceClassification(config).eval()
    model.push_to_hub(repository, private=True)
    tokenizer.push_to_hub(repository)
    with torch.no_grad():
        logits = model(**tokenizer("a hub of models", return_tensors="pt")).logits
    sys.stdout.write("\n" + json.dumps([round(value, 6) for value in logits[0].tolist()]) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
