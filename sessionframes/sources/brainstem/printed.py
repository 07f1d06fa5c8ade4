"""What we rely on of BrainSTEM, for people to hold against its documents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sessionframes.sources.brainstem.models import MODELS

if TYPE_CHECKING:
    from sessionframes.sources.brainstem.fields import ApiField


def models_json() -> str:
    """Return the models as JSON: where they are, envelope keys, older names, fields and their rules."""
    told = {
        name: {
            "path": model.path,
            "list": model.plural,
            "record": model.singular,
            "also": list(model.aliases),
            "fields": {field.name: _rules(field) for field in model.fields},
        }
        for name, model in MODELS.items()
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _rules(field: ApiField) -> dict[str, Any]:
    rules = {
        "kind": field.kind,
        "of": field.refers,
        "required": field.required,
        "unique": field.unique,
        "read_only": field.read_only,
        "longest": field.longest,
        "choices": list(field.choices),
    }
    return {name: rule for name, rule in rules.items() if rule}
