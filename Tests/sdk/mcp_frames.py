"""A stand-in for `tandem mcp` that passes bytes on and keeps every line that the adapter sends, and the check of those
lines against the official JSON schema of the revision.

The schemas (schema/<revision>/schema.json of github.com/modelcontextprotocol/modelcontextprotocol) are looked for
below $MCP_SCHEMAS; without them the SDK's own models of the wire, generated from the same source, are the check.
"""

import json
import os
import pathlib

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
        validate(revision, "JSONRPCMessage", message)
        if "method" in message:
            assert message["method"] == "notifications/progress", message
            validate(revision, "ProgressNotification", message)
        elif "result" in message:
            validate(revision, KINDS[asked[message["id"]]], message["result"])
        elif message["error"]["code"] == -32022:
            validate(revision, "UnsupportedProtocolVersionError", message)
    assert (home.path / "mcp.err").read_text() == "", "stderr is silent"
    return len(lines)


def validate(revision, kind, value):
    folder = os.environ.get("MCP_SCHEMAS")
    if not folder:
        return validate_with_sdk(revision, kind, value)
    import jsonschema

    schema = json.loads((pathlib.Path(folder) / revision / "schema.json").read_text())
    names = "$defs" if "$defs" in schema else "definitions"
    if kind not in schema[names]:
        return None
    jsonschema.Draft202012Validator({"$ref": f"#/{names}/{kind}", names: schema[names]}).validate(value)


def validate_with_sdk(revision, kind, value):
    import importlib

    try:
        models = importlib.import_module(f"mcp_types._v{revision.replace('-', '_')}")
    except ModuleNotFoundError:
        return
    model = getattr(models, kind, None)
    if model is not None and hasattr(model, "model_validate"):
        model.model_validate(value, strict=False)
