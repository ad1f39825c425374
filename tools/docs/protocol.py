#!/usr/bin/env python3
"""docs/protocol.md from the daemon's OpenRPC document on standard input."""
import json
import pathlib
import sys


# The largest integer that every reader of JSON keeps exact; the introduction tells of it.
EXACT = 2**53 - 1


def kind(schema):
    """A schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(kind(choice) for choice in schema["anyOf"])
    name = schema.get("type", "any")
    if name == "array":
        return f"array of {kind(schema['items'])}"
    if name == "object" and "properties" in schema:
        members = ", ".join(f"`{member}`" for member in schema["properties"])
        return f"object of {members}" if members else "object"
    low, high = schema.get("minimum"), schema.get("maximum")
    if high == EXACT:
        high = None
    if low is not None and high is not None:
        return f"{name} from {low:g} to {high:g}"
    if low is not None and low > 0:
        return f"{name} of at least {low:g}"
    return name


def cell(text):
    return text.replace("|", "\\|")


def table(rows):
    lines = ["| member | type | |", "|---|---|---|"]
    lines += [f"| `{name}` | {cell(words)} | {cell(meaning)} |" for name, words, meaning in rows]
    return "\n".join(lines)


def members(schema):
    required = schema.get("required", [])
    for name, inner in schema.get("properties", {}).items():
        yield name, kind(inner), meaning(inner.get("description", ""), inner, name in required)


def meaning(summary, schema, required):
    parts = ["**required**"] if required else []
    if "default" in schema:
        parts.append(f"default `{json.dumps(schema['default'])}`")
    if summary:
        parts.append(summary)
    return "; ".join(parts) if len(parts) < 2 or not summary else "; ".join(parts[:-1]) + ". " + parts[-1]


def method(entry, codes):
    text = [f"### {entry['name']}", entry["summary"] + (" " + entry["description"] if "description" in entry else "")]
    if entry["params"]:
        rows = [
            (item["name"], kind(item["schema"]), meaning(item.get("summary", ""), item["schema"], item["required"]))
            for item in entry["params"]
        ]
        text += ["Params:", table(rows)]
    result = entry.get("result", {}).get("schema")
    if result is not None:
        rows = list(members(result))
        if rows:
            text += ["Result:", table(rows)]
        elif "$ref" in result:
            text.append(f"Result: {kind(result)}")
        else:
            text.append("Result: an object." if result.get("additionalProperties", True) is not False else "Result: `{}`")
    else:
        text.append("A notification: it has no answer.")
    names = [item["$ref"].rsplit("/", 1)[1] for item in entry["errors"]]
    own = [name for name in names if name not in ("invalid_params", "internal")]
    if own:
        text.append("Errors: " + ", ".join(f"{name} ({codes[name]})" for name in own))
    return "\n\n".join(text)


def main():
    document = json.load(sys.stdin)
    codes = {name: error["code"] for name, error in document["components"]["errors"].items()}
    intro = pathlib.Path(__file__).with_name("protocol-intro.md").read_text().rstrip()
    parts = [intro, f"Protocol version: `{document['info']['version']}`.", "## Methods"]
    parts += [method(entry, codes) for entry in document["methods"]]
    parts.append("## Types")
    for name, schema in document["components"]["schemas"].items():
        parts.append(f"### {name}\n\n" + (table(list(members(schema))) if "properties" in schema else kind(schema)))
    parts.append("## Error codes")
    parts.append(
        "\n".join(["| code | kind |", "|---|---|"] + [f"| {code} | {name} |" for name, code in codes.items()])
    )
    print("\n\n".join(parts))


main()
