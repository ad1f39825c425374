"""`tandem mcp` with the SDK `mcp` 1.x, which knows the handshake only, and by hand for the revisions before its own."""

import json
import subprocess
from datetime import timedelta

import anyio
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

import harness
import mcp_frames


def sdk(home):
    async def main():
        server = StdioServerParameters(
            command=mcp_frames.tee(home, harness.BIN / "tandem"),
            env={"TANDEM_SOCKET": str(home.socket), "HOME": str(home.path)},
        )
        reports = []

        async def progress(done, total, message):
            reports.append(done)

        async with stdio_client(server) as (read, write), ClientSession(
            read, write, read_timeout_seconds=timedelta(seconds=harness.DEADLINE)
        ) as mcp:
            started = await mcp.initialize()
            assert started.protocolVersion == "2025-11-25", started
            await mcp.send_ping()
            tools = {tool.name: tool for tool in (await mcp.list_tools()).tools}
            assert len(tools) == 6 and tools["chat"].outputSchema["type"] == "object"
            result = await mcp.call_tool("chat", {"message": "hello", "system": "be kind"})
            assert result.structuredContent["content"] == "echo: hello"
            assert json.loads(result.content[0].text) == result.structuredContent
            assert home.upstream.requests[-1]["messages"][0] == {"role": "system", "content": "be kind"}
            await mcp.call_tool("chat", {"message": "words 30"}, progress_callback=progress)
            assert reports and reports == sorted(set(reports))
            result = await mcp.call_tool("chat", {"message": "refuse"})
            assert result.isError and '"kind":' in result.content[0].text, result
        print(f"      {mcp_frames.check(home, '2025-11-25')} frames valid")

    anyio.run(main)


def older_revisions(home):
    for revision in ("2024-11-05", "2025-03-26", "2025-06-18"):
        for name in ("mcp.in", "mcp.out", "mcp.err"):
            (home.path / name).write_text("")
        hello = {"protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        call = {"name": "chat", "arguments": {"message": "hello"}, "_meta": {"progressToken": 5}}
        requests = [("initialize", hello), ("ping", None), ("tools/list", {}), ("tools/call", call)]
        process = subprocess.Popen(
            [mcp_frames.tee(home, harness.BIN / "tandem")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=home.env
        )
        answers = {}
        for number, (method, params) in enumerate(requests):
            message = {"jsonrpc": "2.0", "id": number, "method": method}
            if params is not None:
                message["params"] = params
            process.stdin.write(json.dumps(message).encode() + b"\n")
            process.stdin.flush()
            while number not in answers:
                answer = json.loads(process.stdout.readline())
                answers[answer.get("id")] = answer
        assert answers[0]["result"]["protocolVersion"] == revision
        assert answers[3]["result"]["structuredContent"]["content"] == "echo: hello"
        process.stdin.close()
        assert process.wait(2) == 0
        print(f"      {mcp_frames.check(home, revision)} frames valid for {revision}")


harness.run([sdk, older_revisions])
