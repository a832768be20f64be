"""Removing what nothing needs any more: marked first, swept after a grace, on a live hub.

What is needed is asked again under the lock of a row; then the row goes, in a transaction of its own; then its object. An
object whose row went and which is still there is an orphan, which the last phases find. Keys of objects are never used
twice, so removing one cannot hit an upload of the same content at the same moment. All progress is in rows: a collection
may be killed at any moment, run again, and run twice at once.
"""

from models_registry.services.garbage.amounts import Amounts, Plan
from models_registry.services.garbage.orphans import TooManyOrphans
from models_registry.services.garbage.rounds import collect, is_due

__all__ = ["Amounts", "Plan", "TooManyOrphans", "collect", "is_due"]
