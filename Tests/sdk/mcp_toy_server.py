"""A server of the Model Context Protocol with one tool, on the standard library alone. TOY_GREETING is what the tool says;
"never": nothing.
"""

import json
import os
import sys

TOOL = {
    "name": "weather",
    "description": "Tells the weather.",
    "inputSchema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}

for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    params = message.get("params") or {}
    answer = {"error": {"code": -32601, "message": "no such method"}}
    if message["method"] == "initialize":
        info = {"name": "toy", "version": "1"}
        answer = {
            "result": {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": info}
        }
    elif message["method"] == "tools/list":
        answer = {"result": {"tools": [TOOL]}}
    elif message["method"] == "tools/call":
        if os.environ["TOY_GREETING"] == "never":
            continue
        text = f"{os.environ['TOY_GREETING']} in {params['arguments']['city']}"
        answer = {"result": {"content": [{"type": "text", "text": text}]}}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer}), flush=True)
