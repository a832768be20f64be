"""The child that opens a model: it alone imports torch, onnxruntime and keras, and nothing of it is imported by the rest.

It runs in a sandbox as `python -m evaluations.harness JOB_FILE MESSAGES_FD`. It reads a job description (`job.py`),
loads the model, predicts every input row, writes the predictions as one `.npy` file, and reports by JSON lines on a
descriptor of its own (`messages.py`). It never sees labels, computes no score, and has no network.
"""
