"""The tasks and libraries that cards of model hubs name, for choosing from. Cards may name others."""

TASKS: dict[str, tuple[str, ...]] = {
    "text": (
        "text-generation", "text-classification", "token-classification", "question-answering", "fill-mask",
        "summarization", "translation", "text2text-generation", "zero-shot-classification", "table-question-answering",
        "multiple-choice", "text-ranking", "sentence-similarity", "feature-extraction",
    ),
    "image": (
        "image-classification", "object-detection", "image-segmentation", "mask-generation", "depth-estimation",
        "keypoint-detection", "image-feature-extraction", "image-to-image", "text-to-image", "unconditional-image-generation",
        "zero-shot-image-classification", "zero-shot-object-detection", "image-to-3d", "text-to-3d",
    ),
    "video": ("video-classification", "text-to-video", "image-to-video", "video-to-video"),
    "audio": (
        "automatic-speech-recognition", "audio-classification", "text-to-speech", "text-to-audio", "audio-to-audio",
        "voice-activity-detection",
    ),
    "several": (
        "image-text-to-text", "image-to-text", "visual-question-answering", "document-question-answering",
        "visual-document-retrieval", "video-text-to-text", "audio-text-to-text", "any-to-any",
    ),
    "other": (
        "tabular-classification", "tabular-regression", "time-series-forecasting", "reinforcement-learning", "robotics",
        "graph-ml", "other",
    ),
}  # fmt: skip
LIBRARIES = (
    "transformers", "diffusers", "sentence-transformers", "peft", "safetensors", "pytorch", "onnx", "keras", "tf-keras",
    "gguf", "llama.cpp", "mlx", "timm", "scikit-learn", "sklearn", "spacy", "flair", "fasttext", "setfit", "span-marker",
    "adapter-transformers", "open_clip", "espnet", "nemo", "speechbrain", "asteroid", "pyannote-audio", "stable-baselines3",
    "ml-agents", "allennlp", "fastai", "paddlepaddle", "jax", "flax", "tensorflow", "coreml", "openvino", "transformers.js",
    "ultralytics", "bertopic", "gliner", "vllm", "sample-factory",
)  # fmt: skip
METRICS = (
    "accuracy", "bertscore", "bleu", "bleurt", "brier_score", "cer", "character", "chrf", "code_eval", "comet",
    "competition_math", "exact_match", "f1", "mae", "mape", "matthews_correlation", "mauve", "mean_iou",
    "meteor", "mse", "pearsonr", "perplexity",
    "precision", "recall", "rmse", "roc_auc", "rouge", "sacrebleu", "sari", "spearmanr", "squad", "ter", "wer",
)  # fmt: skip
SIZES = (
    "n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B", "10B<n<100B",
    "100B<n<1T", "n>1T",
)  # fmt: skip
CREATORS = ("crowdsourced", "expert-generated", "found", "machine-generated", "no-annotation", "other")
MULTILINGUALITY = ("monolingual", "multilingual", "translation", "other")
