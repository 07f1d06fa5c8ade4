"""The field tables of the demo's BrainSTEM, one line for each field, much as its documents have them.

This is the server's own knowledge. The source has tables of its own: that the two agree is what tests find
out. A line tells the name, the kind, and then the number of characters of a text, where a relation leads, or
which list a choice is from; ``back MODEL FIELD`` is a relation that is kept on the other side.
"""

from __future__ import annotations

#: Envelope keys of a list and of one record, where they are not the model and the model with an s.
KEYS: dict[str, tuple[str, str]] = {
    "dataacquisition": ("data_acquisitions", "data_acquisition"),
    "procedurelog": ("procedure_logs", "procedure_log"),
    "subjectlog": ("subject_logs", "subject_log"),
    "consumablestock": ("consumable stocks", "consumable stock"),
    "equipment": ("equipment", "equipment"),
    "species": ("species", "species"),
    "inventory": ("inventories", "inventory"),
    "laboratory": ("laboratories", "laboratory"),
    "brainregion": ("brain_regions", "brain_region"),
    "setuptype": ("setup_types", "setup_type"),
    "behavioralcategory": ("behavioral_categories", "behavioral_category"),
    "behavioralparadigm": ("behavioral_paradigms", "behavioral_paradigm"),
    "regulatoryauthority": ("regulatory_authorities", "regulatory_authority"),
}
#: The relations by which a record belongs to projects; everybody sees what is not here.
PROJECTS: dict[str, str] = {
    "project": "id",
    "subject": "projects",
    "session": "projects",
    "collection": "project",
    "cohort": "project",
    "epoch": "session projects",
    "dataacquisition": "session projects",
    "manipulation": "session projects",
    "behavior": "session projects",
    "procedure": "subject projects",
    "procedurelog": "procedure subject projects",
    "subjectlog": "subject projects",
}
#: Models whose records are written by filing a request.
REVIEWED = frozenset(
    {
        "consumable",
        "hardwaredevice",
        "supplier",
        "brainregion",
        "species",
        "strain",
        "setuptype",
        "behavioralcategory",
        "behavioralparadigm",
        "regulatoryauthority",
        "journal",
    }
)

_GROUP = """
name         text 100 required
description  text
project      one project required
{}
tags         texts
"""
_ATTRIBUTE = """
name         text 50 required
description  text
"""
_TERM = """
name         text 200 required
description  text
"""
_FILE = """
equipment            many equipment
notes                text 500
details              json
type_schema_version  text 20
order                whole
"""

FIELDS: dict[str, tuple[tuple[str, str], ...]] = {
    "stem": (
        (
            "Project",
            """
            name          text 200 required unique
            description   text
            sessions      back session projects
            subjects      back subject projects
            collections   back collection project
            cohorts       back cohort project
            publications  many publication
            extra_fields  extra
            is_public     flag
            users         json read-only
            groups        json read-only
            tags          texts
            """,
        ),
        (
            "Subject",
            """
            name                  text 100 required unique
            description           text
            projects              many project required
            strain                one strain required
            sex                   choice sex required
            genetic_line          text 100
            genotype              text 200
            subject_identifier    text 100
            supplier              one supplier
            breeding              one breeding
            birth_date            day
            death_date            day
            status                text 50
            licenses              many license
            extra_fields          extra
            procedures            back procedure subject
            subjectlogs           back subjectlog subject
            name_used_in_storage  text 200
            tags                  texts
            """,
        ),
        (
            "Session",
            """
            name                  text 100 required unique
            description           text
            projects              many project required
            date_time             moment
            epochs                back epoch session
            datastorage           many datastorage
            extra_fields          extra
            download_links        addresses
            dataacquisition       back dataacquisition session
            behaviors             back behavior session
            manipulations         back manipulation session
            name_used_in_storage  text 200
            tags                  texts
            """,
        ),
        ("Collection", _GROUP.format("sessions  many session")),
        ("Cohort", _GROUP.format("subjects  many subject")),
        (
            "Breeding",
            """
            name         text 100 required
            parents      many subject
            start_date   day
            end_date     day
            litter_size  whole
            tags         texts
            """,
        ),
        (
            "Epoch",
            """
            name             text 100 required
            session          one session required
            dataacquisition  many dataacquisition
            manipulations    many manipulation
            behaviors        many behavior
            order            whole
            """,
        ),
    ),
    "modules": (
        (
            "DataAcquisition",
            f"""
            type        text 50 required
            session     one session required
            procedures  many procedure
            {_FILE.strip()}
            image       json read-only
            """,
        ),
        (
            "Manipulation",
            f"""
            type        text 50 required
            session     one session required
            procedures  many procedure required
            {_FILE.strip()}
            """,
        ),
        (
            "Behavior",
            """
            session          one session required
            subjects         many subject required
            setup            one setup required
            behavioralassay  one behavioralassay required
            notes            text 500
            order            whole
            """,
        ),
        (
            "Procedure",
            """
            type                        text 50 required
            subject                     one subject required
            date_time                   moment
            consumablestock             one consumablestock
            equipment                   many equipment
            brain_region                one brainregion
            licenses                    many license
            notes                       text 500
            details                     json
            type_schema_version         text 20
            coordinates_system          choice coordinates_system required
            coordinates_details         json
            coordinates_schema_version  text 20
            created_at                  moment read-only
            updated_at                  moment read-only
            """,
        ),
        (
            "ProcedureLog",
            """
            procedure  one procedure required
            type       choice procedurelog required
            entries    json read-only
            """,
        ),
        (
            "SubjectLog",
            """
            subject  one subject required
            type     text 50 required
            entries  json read-only
            """,
        ),
        (
            "Equipment",
            """
            name                 text 100 required
            type                 text 50 required
            setup                one setup required
            hardwaredevice       one hardwaredevice
            consumable           one consumable
            coordinates_system   choice coordinates_system required
            coordinates_details  json
            details              json
            """,
        ),
        (
            "ConsumableStock",
            """
            type              text 50 required
            status            text 50
            inventory         one inventory required
            consumable        one consumable
            details           json
            """,
        ),
    ),
    "personal_attributes": (
        (
            "Setup",
            """
            name            text 50 required
            setup_type      one setuptype required
            specifications  json list
            """,
        ),
        (
            "DataStorage",
            """
            name               text 100 required
            location           text 200
            data_organization  json list
            data_protocols     json list
            """,
        ),
        ("Inventory", _ATTRIBUTE),
        ("BehavioralAssay", _ATTRIBUTE),
        ("License", _ATTRIBUTE),
        ("Protocol", _ATTRIBUTE),
    ),
    "resources": (
        (
            "Consumable",
            """
            name                  text 100 required unique
            description           text
            supplier              one supplier required
            type                  text 50 required
            rrid                  text 100
            rrid_url              text 200
            external_identifiers  json list
            details               json
            """,
        ),
        (
            "HardwareDevice",
            """
            name                  text 100 required unique
            description           text
            supplier              one supplier required
            type                  text 50 required
            external_identifiers  json list
            details               json
            """,
        ),
        (
            "Supplier",
            """
            name          text 100 required unique
            description   text
            """,
        ),
    ),
    "taxonomies": (
        (
            "BrainRegion",
            """
            name     text 200 required
            acronym  text 15 required
            atlas    text 7 required
            """,
        ),
        ("Species", _TERM),
        ("Strain", f"{_TERM}species  one species required"),
        ("SetupType", f"{_TERM}category  text 1"),
        ("BehavioralCategory", _TERM),
        ("BehavioralParadigm", _TERM),
        ("RegulatoryAuthority", _TERM),
    ),
    "dissemination": (
        ("Journal", _TERM),
        ("Publication", f"{_TERM}journal  one journal"),
    ),
    "users": (
        ("Laboratory", _TERM),
        ("User", "username  text 150 required"),
        ("Group", "name  text 150 required"),
    ),
}
