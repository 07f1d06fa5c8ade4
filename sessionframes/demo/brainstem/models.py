"""The models that the demo's BrainSTEM has: where they live, what they are called, and their fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sessionframes.demo.brainstem.catalogue import FIELDS, KEYS, PROJECTS, REVIEWED
from sessionframes.demo.brainstem.fields import Field

if TYPE_CHECKING:
    from collections.abc import Mapping

    Record = dict[str, Any]

_SYSTEMS = (
    "Stereotaxic_BregmaAbsolute",
    "Stereotaxic_BregmaBrainSurface",
    "Stereotaxic_LambdaAbsolute",
    "Stereotaxic_LambdaBrainSurface",
    "CCF_XYZ_Absolute",
    "External_XYZ_Absolute",
)
_CHOICES = {
    "sex": ("F", "M", "U"),
    "coordinates_system": _SYSTEMS,
    "procedurelog": ("Impedances", "LinearDisplacement", "Tetrodes4", "Tetrodes8"),
    "action": ("add", "change"),
    "status": ("pending", "accepted", "rejected"),
}
_DEFAULTS: dict[str, Any] = {
    "text": "",
    "choice": "",
    "flag": False,
    "texts": [],
    "addresses": [],
    "extra": {},
    "list": [],
}


@dataclass(frozen=True)
class Model:
    """One kind of record.

    Attributes
    ----------
    name, app : str
        As in the address.
    title : str
        As in messages.
    fields : dict of str to Field
        In the order in which they are shown, after the id.
    plural, singular : str
        Envelope keys of a list and of one record.
    projects : tuple of str
        Relations by which a record belongs to projects; none if everybody sees it.
    is_reviewed : bool
        Whether what is written is only filed as a request, for others to accept.
    """

    name: str
    app: str
    title: str
    fields: Mapping[str, Field]
    plural: str
    singular: str
    projects: tuple[str, ...] = ()
    is_reviewed: bool = False

    @property
    def verbose_name(self) -> str:
        """As in messages on fields."""
        return self.singular.replace("_", " ")

    @property
    def has_numbers_for_ids(self) -> bool:
        """Whether its ids are whole numbers; all others are UUIDs."""
        return self.name in ("user", "group")


def _field(line: str) -> tuple[str, Field]:
    name, kind, *more = line.split()
    told = {word for word in more if word in ("required", "unique", "read-only")}
    rest = [word for word in more if word not in told]
    is_relation = kind in ("one", "many", "back")
    is_list = kind in ("many", "back") or rest == ["list"]
    return name, Field(
        "relation" if is_relation else kind,
        required="required" in told,
        unique="unique" in told,
        read_only="read-only" in told or kind == "back",
        longest=int(rest[0]) if kind == "text" and rest else None,
        choices=_CHOICES[rest[0]] if kind == "choice" else (),
        to=rest[0] if is_relation else "",
        many=kind in ("many", "back"),
        back=rest[1] if kind == "back" else "",
        default=_DEFAULTS.get("list" if is_list else kind),
    )


def _fields(text: str) -> dict[str, Field]:
    return dict(_field(line) for line in text.strip().splitlines())


def _model(app: str, title: str, text: str) -> Model:
    name = title.lower()
    plural, singular = KEYS.get(name, (f"{name}s", name))
    projects = tuple(PROJECTS.get(name, "").split())
    return Model(name, app, title, _fields(text), plural, singular, projects, name in REVIEWED)


def _approval(model: Model) -> Model:
    key = f"{model.name}_approval"
    return Model(
        f"{model.name}approval", model.app, f"{model.title}Approval", _fields(_REQUEST), f"{key}s", key
    )


_REQUEST = """
action  choice action read-only
status  choice status read-only
target  text read-only
data    json read-only
"""
_OWN = {title.lower(): _model(app, title, text) for app, titles in FIELDS.items() for title, text in titles}
#: Of each model whose records are written by request only: the model of those requests.
APPROVALS: dict[str, Model] = {name: _approval(model) for name, model in _OWN.items() if model.is_reviewed}
MODELS: dict[str, Model] = _OWN | {model.name: model for model in APPROVALS.values()}
#: Under which app an older client looks for some models.
_OLDER_APPS: dict[str, str] = {
    "journal": "attributes",
    "journalapproval": "attributes",
    "laboratory": "attributes",
    "publication": "attributes",
    "behavioralparadigm": "personal_attributes",
}


def model_at(app: str, name: str) -> Model | None:
    """Return the model at this address, if there is one."""
    model = MODELS.get(name)
    return model if model is not None and app in (model.app, _OLDER_APPS.get(name)) else None
