"""A question: a table, and conditions that check themselves when they are made. It knows no source."""

from sessionframes.query.conditions import Condition
from sessionframes.query.query import Query

__all__ = ["Condition", "Query"]
