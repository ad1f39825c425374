"""A stand-in for `tandem mcp` that passes bytes on and keeps every line that the adapter sends, and the check of those
lines against the JSON schema of the revision: the official one where scripts/test-clients could fetch it, else what PyPI
has, which are the schemas of 2025-11-25 and 2026-07-28, and of the revisions before the models of the SDKs of their time.
"""

import importlib.util
import json
import pathlib
import sys

import strict_schema

VENV = pathlib.Path(__file__).resolve().parents[2] / ".venv"
MODELS = VENV / "mcp-models"
# What came with a later revision is sent to all: the readers of earlier ones pass over it.
LATER = {
    "2025-03-26": {"ProgressNotification": {"message"}, "ListToolsResult": {"annotations"}},
    "2025-06-18": {
        "CallToolResult": {"structuredContent"}, "InitializeResult": {"title"},
        "ListToolsResult": {"outputSchema", "title"},
    },
}

KINDS = {
    "initialize": "InitializeResult",
    "ping": "EmptyResult",
    "tools/list": "ListToolsResult",
    "tools/call": "CallToolResult",
    "server/discover": "DiscoverResult",
}


def tee(home, binary):
    """A command that runs the adapter and copies both directions into the home."""
    script = home.path / "tee-mcp"
    script.write_text(
        f"""#!/bin/sh
tee -a '{home.path}/mcp.in' | '{binary}' mcp 2>> '{home.path}/mcp.err' | tee -a '{home.path}/mcp.out'
"""
    )
    script.chmod(0o700)
    return str(script)


def check(home, revision):
    """Checks every frame; how many there were."""
    asked = {}
    for line in (home.path / "mcp.in").read_text().splitlines():
        message = json.loads(line)
        if "id" in message and "method" in message:
            asked[message["id"]] = message["method"]
    lines = (home.path / "mcp.out").read_text().splitlines()
    for line in lines:
        message = json.loads(line)
        if "method" in message:
            assert message["method"] == "notifications/progress", message
            kind, value = "ProgressNotification", message
        elif "result" in message:
            kind, value = KINDS[asked[message["id"]]], message["result"]
        else:
            kind = "UnsupportedProtocolVersionError" if message["error"]["code"] == -32022 else "JSONRPCErrorResponse"
            value = message
        validate(revision, kind, value)
        validate(revision, "JSONRPCMessage", message)
    assert (home.path / "mcp.err").read_text() == "", "stderr is silent"
    return len(lines)


def validate(revision, kind, value):
    for later, kinds in LATER.items():
        if revision < later:
            value = without(kinds.get(kind, ()), value)
    path = official(revision)
    if revision < "2025-11-25":
        kind = {"JSONRPCErrorResponse": "JSONRPCError"}.get(kind, kind)
        if kind == "ProgressNotification":
            value = {key: each for key, each in value.items() if key != "jsonrpc"}  # the envelope has its own schema
    if path:
        strict_schema.check_file(path, kind, value)
        if kind == "ListToolsResult" and revision >= "2025-06-18":
            check_tools(value)
        return
    strict_schema.check_model(getattr(models(revision), kind), value)


def official(revision):
    """The schema as its makers publish it; None where there are only models."""
    paths = VENV / f"schemas/mcp-{revision}.json", MODELS / f"{revision}.json"
    return next((path for path in paths if path.exists()), None)


def check_tools(value):
    for tool in value["tools"]:
        for name in strict_schema.SCHEMAS:
            strict_schema.jsonschema.Draft202012Validator.check_schema(tool[name])


def without(names, value):
    if isinstance(value, list):
        return [without(names, each) for each in value]
    if isinstance(value, dict):
        return {key: without(names, each) for key, each in value.items() if key not in names}
    return value


def models(revision):
    """The types of the SDK that had this revision as its newest."""
    if revision not in _models:
        spec = importlib.util.spec_from_file_location(f"mcp_types_{revision}", MODELS / revision / "mcp/types.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        assert module.LATEST_PROTOCOL_VERSION == revision
        _models[revision] = module
    return _models[revision]


_models = {}
