"""Keras in half the seconds: it looks for pandas and scikit-learn when imported, for helpers that nothing here uses."""

import sys

sys.modules.update(dict.fromkeys(("pandas", "sklearn")))  # type: ignore[arg-type]
import keras  # noqa: E402

__all__ = ["keras"]
