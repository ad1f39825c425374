"""JSON schemas taken at their word: a member that an object's schema does not name is a fault, unless the schema says
that there may be others. Readers pass over such members; a writer that sends one has misspelt or made it up.
"""

import functools
import json

import jsonschema

# Their values are JSON schemas themselves.
SCHEMAS = ("inputSchema", "outputSchema")


def validator(schema, name=None):
    """A check of one kind of message: the schema itself, or one of its definitions."""
    names = "$defs" if "$defs" in schema else "definitions"
    definitions = schema.get(names, {})
    root = {"$ref": f"#/{names}/{name}"} if name else {key: each for key, each in schema.items() if key != names}

    def has_properties(part, seen=()):
        """Whether it says which members there are, itself or in what it refers to."""
        if "properties" in part:
            return True
        reference = part.get("$ref", "").rpartition("/")[2]
        if reference and reference not in seen and has_properties(definitions[reference], (*seen, reference)):
            return True
        return any(has_properties(each, seen) for key in ("allOf", "anyOf", "oneOf") for each in part.get(key, []))

    def value(part):
        """The schema of a whole value, closed."""
        if not isinstance(part, dict):
            return part
        closed = parts(part)
        return {**closed, "unevaluatedProperties": False} if has_properties(part) else closed

    def parts(part):
        """A schema that may be one of several for the same value: only what is below is closed."""
        result = dict(part)
        if "properties" in part:
            result["properties"] = {
                key: parts(each) if key in SCHEMAS else value(each) for key, each in part["properties"].items()
            }
        for key in ("items", "additionalProperties"):
            if key in part:
                result[key] = value(part[key])
        for key in ("allOf", "anyOf", "oneOf"):
            if key in part:
                result[key] = [parts(each) for each in part[key]]
        return result

    whole = {**value(root), names: {key: parts(each) for key, each in definitions.items()}}
    return jsonschema.Draft202012Validator(whole)


@functools.cache
def read(path):
    return json.loads(path.read_text())


@functools.cache
def _of_file(path, name):
    return validator(read(path), name)


def check_file(path, name, value):
    """Checks a value against one definition of a schema file; a name that is not in it is a fault too."""
    _of_file(path, name).validate(value)


@functools.cache
def _whole(path):
    return jsonschema.Draft202012Validator(read(path))


def check_whole(path, value):
    """Checks a whole message against a schema file as it stands."""
    _whole(path).validate(value)


@functools.cache
def _of_model(model):
    def without_extra(part):
        # Such models take what they do not know; the schemas they were written from do not have it.
        if isinstance(part, list):
            return [without_extra(each) for each in part]
        if not isinstance(part, dict):
            return part
        drops = "properties" in part and part.get("additionalProperties") is True
        return {key: without_extra(each) for key, each in part.items() if not (drops and key == "additionalProperties")}

    return validator(without_extra(model.model_json_schema(by_alias=True)))


def check_model(model, value):
    """Checks a value against an SDK's pydantic model."""
    _of_model(model).validate(value)
