"""`tandem mcp` with the SDK `mcp` 2.x: both eras, over the real daemon."""

import asyncio
import json

import anyio
from mcp import Client, StdioServerParameters

import harness
import mcp_frames


def client(home, mode, command=None):
    # As hosts start servers: the SDK passes on HOME, LOGNAME, PATH, SHELL, TERM and USER, and what is given here.
    server = StdioServerParameters(
        command=command or mcp_frames.tee(home, harness.BIN / "tandem"),
        env={"TANDEM_SOCKET": str(home.socket), "HOME": str(home.path)},
        cwd=str(home.path),
    )
    return Client(server, mode=mode, read_timeout_seconds=harness.DEADLINE)


async def session(home, mode, revision):
    reports = []

    async def progress(done, total, message):
        reports.append((done, total, message))

    async with client(home, mode) as mcp:
        assert mcp.protocol_version == revision, mcp.protocol_version
        # With a pinned revision the SDK asks nobody who answers.
        assert mode == revision or mcp.server_info.name == "tandem"
        tools = {tool.name: tool for tool in (await mcp.list_tools()).tools}
        assert list(tools) == ["chat", "plan", "execute_plan", "solve", "escalate", "undo"]
        assert tools["chat"].annotations.read_only_hint and tools["solve"].annotations.destructive_hint
        if mode == "legacy":
            await mcp.send_ping()

        # The SDK checks structured content against the tool's output schema.
        result = await mcp.call_tool("chat", {"message": "hello"})
        assert not result.is_error and result.structured_content["content"] == "echo: hello", result
        assert json.loads(result.content[0].text) == result.structured_content

        result = await mcp.call_tool("chat", {"message": "words 50"}, progress_callback=progress)
        assert not result.is_error
        values = [done for done, _, _ in reports]
        assert values and values == sorted(set(values)), reports
        assert any("scripted" in (message or "") for _, _, message in reports), reports

        for text in ("my name is Ada", "who am I"):
            result = await mcp.call_tool("chat", {"message": text, "conversation": "c1"})
            assert result.structured_content["conversation"] == "c1"
        sent = [message["content"] for message in home.upstream.requests[-1]["messages"]]
        assert sent == ["my name is Ada", "echo: my name is Ada", "who am I"], sent

        result = await mcp.call_tool("chat", {"message": "hi", "model": "mm"})
        assert result.is_error and "did you mean `m`" in result.content[0].text, result
        result = await mcp.call_tool("chat", {"mesage": "hi"})
        assert result.is_error and "did you mean `message`" in result.content[0].text
        result = await mcp.call_tool("undo", {"transaction_id": "01J00000000000000000000000"})
        assert result.is_error and result.content[0].text
        results = await asyncio.gather(*(mcp.call_tool("chat", {"message": f"n{n}"}) for n in range(20)))
        assert [r.structured_content["content"] for r in results] == [f"echo: n{n}" for n in range(20)]

        # A cancelled call closes the transfer to the model.
        with anyio.move_on_after(0.5):
            await mcp.call_tool("chat", {"message": "slow"})
        # Off the loop, which still has to send the cancellation.
        await anyio.to_thread.run_sync(harness.wait_for, home.upstream.abandoned.is_set, "the transfer is closed")
        assert (await mcp.call_tool("chat", {"message": "after"})).structured_content["content"] == "echo: after"
    print(f"      {mcp_frames.check(home, revision)} frames valid for {revision}")


def auto(home):
    anyio.run(session, home, "auto", "2026-07-28")


def legacy(home):
    anyio.run(session, home, "legacy", "2025-11-25")


def pinned(home):
    anyio.run(session, home, "2026-07-28", "2026-07-28")


def the_daemon_restarts(home):
    async def main():
        async with client(home, "auto") as mcp:
            assert not (await mcp.call_tool("chat", {"message": "one"})).is_error
            home.processes[0].kill()
            home.processes[0].wait()
            home.socket.unlink(missing_ok=True)
            home.start_daemon()
            result = await mcp.call_tool("chat", {"message": "two"})
            assert not result.is_error and result.structured_content["content"] == "echo: two", result

            async def kill_soon():
                harness.wait_for(lambda: len(home.upstream.requests) == 3, "the request is under way")
                home.processes[-1].kill()

            async with anyio.create_task_group() as group:
                group.start_soon(anyio.to_thread.run_sync, lambda: anyio.run(kill_soon))
                result = await mcp.call_tool("chat", {"message": "slow"})
            assert result.is_error and "may have been carried out" in result.content[0].text, result

    anyio.run(main)


PLAN = json.dumps(
    {
        "root_cause": "nobody is named",
        "strategy": "name somebody",
        "edits": [
            {"file": "hello.py", "type": "replace", "find": 'print("hello")', "replace": 'print("hello, you")'},
            {"file": "new.py", "type": "create", "content": "x = 1\n"},
        ],
    }
)


def edits(home):
    """Plan, execute, undo and solve; the SDK checks each result against its tool's output schema."""
    root = home.path / "project"
    root.mkdir()
    file = root / "hello.py"
    before = 'print("hello")\n'
    file.write_text(before)

    async def main():
        async with client(home, "auto") as mcp:

            async def progress(*_):
                pass

            async def call(tool, **arguments):
                # As some hosts always do, also where there is none.
                result = await mcp.call_tool(tool, arguments, progress_callback=progress)
                assert not result.is_error, result.content[0].text
                assert json.loads(result.content[0].text) == result.structured_content
                return result.structured_content

            plan = await call("plan", problem="GREETPLAN", root=str(root), files=["hello.py"])
            assert len(plan["plan"]["edits"]) == 2 and file.read_text() == before, plan
            shown = await call("execute_plan", plan_id=plan["plan_id"], root=str(root), dry_run=True)
            assert shown["status"] == "dry_run" and "+print" in shown["files"][0]["diff"] and file.read_text() == before
            # A relative root counts from the folder the host started the server in.
            done = await call("execute_plan", plan=plan["plan"], root="project")
            assert done["status"] == "committed" and (root / "new.py").exists(), done
            assert file.read_text() == 'print("hello, you")\n'
            await call("undo", transaction_id=done["transaction_id"])
            assert file.read_text() == before and not (root / "new.py").exists()
            await call("solve", problem="GREETPLAN", root=str(root), verify="none")
            assert file.read_text() == 'print("hello, you")\n'
            file.write_text("quite different\n")
            (root / "new.py").write_text("mine\n")
            conflict = await mcp.call_tool("execute_plan", {"plan_id": plan["plan_id"], "root": str(root)})
            assert conflict.is_error and '"plan_conflict"' in conflict.content[0].text, conflict
            assert file.read_text() == "quite different\n", "nothing is touched"

    anyio.run(main)
    print(f"      {mcp_frames.check(home, '2026-07-28')} frames valid")


def no_daemon_is_needed_to_start(home):
    home.processes[0].kill()

    async def main():
        async with client(home, "auto") as mcp:
            assert len((await mcp.list_tools()).tools) == 6

    anyio.run(main)


harness.run(
    [auto, legacy, pinned, edits, the_daemon_restarts, no_daemon_is_needed_to_start], replies={"GREETPLAN": PLAN}
)
