"""A stand-in for `tandem mcp` that passes bytes on and keeps every line that the adapter sends, and the check of those
lines against the JSON schema of the revision.

The official schemas of 2025-11-25 and 2026-07-28 are in the source package of the SDK 2.3.0; of the revisions before, PyPI
has the models of the SDKs of their time. scripts/test-clients puts both below .venv/mcp-schemas.
"""

import importlib.util
import json
import pathlib
import sys

import strict_schema

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / ".venv/mcp-schemas"
# What came with later revisions: the readers of earlier ones pass over it.
LATER = {
    "CallToolResult": {"structuredContent"},
    "InitializeResult": {"title"},
    "ListToolsResult": {"annotations", "outputSchema", "title"},
    "ProgressNotification": {"message", "jsonrpc"},  # the envelope is not in the models
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
    path = SCHEMAS / f"{revision}.json"
    if path.exists():
        strict_schema.check_file(path, kind, value)
        if kind == "ListToolsResult":
            check_tools(value)
        return
    model = getattr(models(revision), {"JSONRPCErrorResponse": "JSONRPCError"}.get(kind, kind))
    strict_schema.check_model(model, without(LATER.get(kind, ()), value))


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
        spec = importlib.util.spec_from_file_location(f"mcp_types_{revision}", SCHEMAS / revision / "mcp/types.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        assert module.LATEST_PROTOCOL_VERSION == revision
        _models[revision] = module
    return _models[revision]


_models = {}
