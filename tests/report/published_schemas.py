"""The schemas of formats that other tools read, from their public documentation: the parts that are used."""

from __future__ import annotations


def text_schema(**extra):
    return {"type": "string", "minLength": 1, **extra}


def object_schema(required, optional=()):
    """Return the schema of an object that has these members and no others."""
    return {
        "type": "object",
        "properties": {**required, **dict(optional)},
        "required": list(required),
        "additionalProperties": False,
    }


# https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
GITLAB = {
    "type": "array",
    "items": object_schema(
        {
            "description": text_schema(),
            "check_name": text_schema(),
            "fingerprint": text_schema(),
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            # "Don't prefix with ./": relative to the root of the repository.
            "location": object_schema(
                {
                    "path": text_schema(pattern=r"^(?!\./)"),
                    "lines": object_schema({"begin": {"type": "integer", "minimum": 1}}),
                }
            ),
        }
    ),
}
# https://docs.sonarsource.com/sonarqube-server/analyzing-source-code/importing-external-issues/generic-issue-import-format/
SONAR = object_schema(
    {
        "rules": {
            "type": "array",
            "items": object_schema(
                {
                    "id": text_schema(),
                    "name": text_schema(),
                    "engineId": text_schema(),
                    "cleanCodeAttribute": {
                        "enum": ["FORMATTED", "CONVENTIONAL", "IDENTIFIABLE", "CLEAR", "LOGICAL", "COMPLETE",
                                 "EFFICIENT",
                                 "FOCUSED", "DISTINCT", "MODULAR", "TESTED", "LAWFUL", "TRUSTWORTHY", "RESPECTFUL"]
                    },
                    "impacts": {
                        "type": "array",
                        "minItems": 1,
                        "items": object_schema(
                            {
                                "softwareQuality": {"enum": ["SECURITY", "RELIABILITY", "MAINTAINABILITY"]},
                                "severity": {"enum": ["BLOCKER", "HIGH", "MEDIUM", "LOW", "INFO"]},
                            }
                        ),
                    },
                },
                {
                    "description": text_schema(),
                    "type": {"enum": ["BUG", "VULNERABILITY", "CODE_SMELL"]},
                    "severity": {"enum": ["BLOCKER", "CRITICAL", "MAJOR", "MINOR", "INFO"]},
                },
            ),
        },
        "issues": {
            "type": "array",
            "items": object_schema(
                {
                    "ruleId": text_schema(),
                    "primaryLocation": object_schema(
                        {"message": text_schema(), "filePath": text_schema()},
                        {
                            "textRange": object_schema(
                                {"startLine": {"type": "integer", "minimum": 1}},
                                {
                                    "endLine": {"type": "integer", "minimum": 1},
                                    "startColumn": {"type": "integer", "minimum": 0},
                                    "endColumn": {"type": "integer", "minimum": 0},
                                },
                            )
                        },
                    ),
                },
                {"effortMinutes": {"type": "integer"}, "secondaryLocations": {"type": "array"}},
            ),
        },
    }
)  # fmt: skip
MESSAGE = object_schema({"text": text_schema()}, {"markdown": text_schema()})
INDEX = {"type": "integer", "minimum": -1}
COUNT = {"type": "integer", "minimum": 1}
REGION = dict.fromkeys(("startLine", "startColumn", "endLine", "endColumn"), COUNT)
INSERTED = {"insertedContent": object_schema({"text": {"type": "string"}})}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
BAG = {"type": "object", "properties": {"tags": {"type": "array", "items": text_schema(), "uniqueItems": True}}}
ARTIFACT = object_schema({"uri": text_schema(pattern=r"^[^ ]+$")}, {"uriBaseId": text_schema()})
# https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json, the part of it that is used.
SARIF = object_schema(
    {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": object_schema(
                {
                    "tool": object_schema(
                        {
                            "driver": object_schema(
                                {"name": text_schema()},
                                {
                                    "version": text_schema(),
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": object_schema(
                                            {"id": text_schema()},
                                            {
                                                "name": text_schema(),
                                                "shortDescription": MESSAGE,
                                                "fullDescription": MESSAGE,
                                                "help": MESSAGE,
                                                "helpUri": text_schema(pattern="^https?://"),
                                                "defaultConfiguration": object_schema({"level": LEVEL}),
                                                "relationships": {
                                                    "type": "array",
                                                    "uniqueItems": True,
                                                    "items": object_schema(
                                                        {
                                                            "target": object_schema(
                                                                {"id": text_schema(), "index": INDEX},
                                                                {
                                                                    "toolComponent": object_schema(
                                                                        {"name": text_schema(), "index": INDEX}
                                                                    )
                                                                },
                                                            )
                                                        },
                                                        {"kinds": {"type": "array", "items": text_schema()}},
                                                    ),
                                                },
                                                "properties": BAG,
                                            },
                                        ),
                                    },
                                },
                            )
                        }
                    )
                },
                {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "originalUriBaseIds": {
                        "type": "object",
                        "additionalProperties": object_schema({}, {"description": MESSAGE, "uri": text_schema()}),
                    },
                    "taxonomies": {
                        "type": "array",
                        "items": object_schema(
                            {"name": text_schema()},
                            {"taxa": {"type": "array", "items": object_schema({"id": text_schema()})}},
                        ),
                    },
                    "results": {
                        "type": "array",
                        "items": object_schema(
                            {"message": MESSAGE},
                            {
                                "ruleId": text_schema(),
                                "ruleIndex": INDEX,
                                "level": LEVEL,
                                "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
                                "properties": BAG,
                                "locations": {
                                    "type": "array",
                                    "items": object_schema(
                                        {},
                                        {
                                            "physicalLocation": object_schema(
                                                {"artifactLocation": ARTIFACT},
                                                {
                                                    "region": object_schema(
                                                        {},
                                                        REGION,
                                                    )
                                                },
                                            )
                                        },
                                    ),
                                },
                                "fixes": {
                                    "type": "array",
                                    "items": object_schema(
                                        {
                                            "artifactChanges": {
                                                "type": "array",
                                                "minItems": 1,
                                                "items": object_schema(
                                                    {
                                                        "artifactLocation": ARTIFACT,
                                                        "replacements": {
                                                            "type": "array",
                                                            "minItems": 1,
                                                            "items": object_schema(
                                                                {
                                                                    "deletedRegion": object_schema(
                                                                        {"charOffset": INDEX, "charLength": INDEX}
                                                                    )
                                                                },
                                                                INSERTED,
                                                            ),
                                                        },
                                                    }
                                                ),
                                            }
                                        },
                                        {"description": MESSAGE},
                                    ),
                                },
                            },
                        ),
                    },
                    "properties": BAG,
                },
            ),
        },
    },
    {"$schema": text_schema()},
)  # fmt: skip
