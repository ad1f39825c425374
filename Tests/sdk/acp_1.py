"""`tandem acp` with the Agent Client Protocol's own SDK, and every frame it sends against the protocol's schema.

The official one counts where scripts/test-clients could fetch it. PyPI has it as the SDK's models, which are generated
from it; they are read as schemas again and closed, because as models they pass over what they do not know.
"""

import asyncio
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import acp.schema
import strict_schema
from acp import PROTOCOL_VERSION, RequestError, connect_to_agent, text_block
from acp.schema import (
    AllowedOutcome,
    ClientCapabilities,
    DeniedOutcome,
    EmbeddedResourceContentBlock,
    EnvVariable,
    FileSystemCapabilities,
    McpServerStdio,
    ReadTextFileResponse,
    RequestPermissionResponse,
    ResourceContentBlock,
    TextResourceContents,
    WriteTextFileResponse,
)

from harness import BIN, run

HERE = pathlib.Path(__file__).resolve().parent
OFFICIAL = HERE.parents[1] / ".venv/schemas/acp-v1.json"
ANSWERS = {
    "initialize": "InitializeResponse",
    "session/new": "NewSessionResponse",
    "session/load": "LoadSessionResponse",
    "session/resume": "ResumeSessionResponse",
    "session/list": "ListSessionsResponse",
    "session/close": "CloseSessionResponse",
    "session/prompt": "PromptResponse",
    "session/set_mode": "SetSessionModeResponse",
    "session/set_config_option": "SetSessionConfigOptionResponse",
}
REQUESTS = {
    "session/request_permission": "RequestPermissionRequest",
    "session/update": "SessionNotification",
    "fs/read_text_file": "ReadTextFileRequest",
    "fs/write_text_file": "WriteTextFileRequest",
}


def validate(name, value):
    strict_schema.check_model(getattr(acp.schema, name), value)
    if OFFICIAL.exists():
        strict_schema.check_file(OFFICIAL, name, value)


class Editor:
    """A client: remembers everything, answers permissions from a list, and has files of its own."""

    def __init__(self, permissions=(), files=None):
        self.permissions = list(permissions)
        self.files = files or {}
        self.updates = []
        self.asked = []
        self.read = []
        self.written = {}
        self.waiting = asyncio.Event()

    async def session_update(self, session_id, update, **_):
        self.updates.append((session_id, update))

    async def request_permission(self, session_id, tool_call, options, **_):
        self.asked.append((tool_call, options))
        self.waiting.set()
        choice = self.permissions.pop(0) if self.permissions else "hang"
        if choice == "hang":
            await asyncio.sleep(3600)
        if choice == "cancelled":
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        option = next(each.option_id for each in options if each.kind == choice)
        return RequestPermissionResponse(outcome=AllowedOutcome(outcome="selected", option_id=option))

    async def read_text_file(self, session_id, path, **_):
        self.read.append(path)
        if path not in self.files:
            raise RequestError.resource_not_found(path)
        return ReadTextFileResponse(content=self.files[path])

    async def write_text_file(self, session_id, path, content, **_):
        self.files[path] = self.written[path] = content
        return WriteTextFileResponse()

    def on_connect(self, _):
        pass

    def kinds(self, session=None):
        return [update.session_update for each, update in self.updates if session in (None, each)]

    def text(self, kind="agent_message_chunk", session=None):
        return "".join(
            update.content.text
            for each, update in self.updates
            if update.session_update == kind and session in (None, each)
        )


class Agent:
    """`tandem acp` as a child process; each of its frames is kept, and checked at the end."""

    def __init__(self, home, editor, fs=False):
        self.home, self.editor, self.fs = home, editor, fs
        self.frames = []
        self.sent = {}

    async def __aenter__(self):
        # What editors pass on: the socket is found by the home's runtime folder or the variable.
        self.process = await asyncio.create_subprocess_exec(
            BIN / "tandem", "acp", env=self.home.env, cwd=self.home.path,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            limit=64 << 20,
        )
        reader = asyncio.StreamReader(limit=64 << 20)
        self.pump = asyncio.create_task(self.keep(reader))
        write = self.process.stdin.write

        def note(data):
            """Which method each id of ours belongs to."""
            for line in data.splitlines():
                with contextlib.suppress(ValueError):
                    message = json.loads(line)
                    if "method" in message and "id" in message:
                        self.sent[message["id"]] = message["method"]
            write(data)

        self.process.stdin.write = note
        self.connection = connect_to_agent(self.editor, self.process.stdin, reader)
        self.hello = await self.connection.initialize(
            protocol_version=PROTOCOL_VERSION,
            client_capabilities=ClientCapabilities(
                fs=FileSystemCapabilities(read_text_file=self.fs, write_text_file=self.fs)
            ),
        )
        return self

    async def keep(self, reader):
        while line := await self.process.stdout.readline():
            self.frames.append(json.loads(line))
            reader.feed_data(line)
        reader.feed_eof()

    def check(self, message):
        assert isinstance(message, dict) and message["jsonrpc"] == "2.0", "one message, no batch"
        if OFFICIAL.exists():
            strict_schema.check_whole(OFFICIAL, message)
        if "method" in message:
            validate(REQUESTS[message["method"]], message["params"])
            assert self.fs or not message["method"].startswith("fs/"), "a method that was not advertised"
        elif "result" in message:
            validate(ANSWERS[self.sent[message["id"]]], message["result"])
        else:
            validate("Error", message["error"])

    async def __aexit__(self, *_):
        self.process.stdin.close()
        status = await asyncio.wait_for(self.process.wait(), 1.5)
        await self.pump
        assert status == 0, status
        for message in self.frames:
            self.check(message)
        stderr = await self.process.stderr.read()
        assert stderr == b"", stderr
        with contextlib.suppress(Exception):
            await self.connection.close()

    async def ask(self, session, *blocks):
        blocks = [text_block(each) if isinstance(each, str) else each for each in blocks]
        return (await asyncio.wait_for(self.connection.prompt(session_id=session, prompt=blocks), 20)).stop_reason

    async def session(self, **options):
        project = self.home.path / "project"
        project.mkdir(exist_ok=True)
        answer = await self.connection.new_session(cwd=str(project), mcp_servers=options.pop("mcp_servers", []))
        return answer.session_id


def test(function):
    def body(home):
        asyncio.run(function(home))

    body.__name__ = function.__name__
    return body


async def until(condition, what, limit=20):
    end = asyncio.get_running_loop().time() + limit
    while not condition():
        assert asyncio.get_running_loop().time() < end, what
        await asyncio.sleep(0.005)


@test
async def hello_and_a_chat(home):
    editor = Editor()
    async with Agent(home, editor) as agent:
        assert agent.hello.protocol_version == 1
        assert agent.hello.auth_methods == []
        assert agent.hello.agent_capabilities.load_session
        session = await agent.session()
        assert await agent.ask(session, "hello") == "end_turn"
        assert editor.text() == "echo: hello"
        assert "available_commands_update" in editor.kinds() and "usage_update" in editor.kinds()
        # The daemon keeps the conversation.
        assert await agent.ask(session, "again") == "end_turn"
        roles = [message["role"] for message in home.upstream.requests[-1]["messages"]]
        assert roles == ["user", "assistant", "user"], roles


@test
async def the_daemon_is_not_needed_for_hello(home):
    home.processes[0].kill()
    async with Agent(home, Editor()) as agent:
        assert agent.hello.protocol_version == 1


@test
async def the_daemon_is_started_where_there_is_none(home):
    home.processes[0].kill()
    home.processes[0].wait()
    home.socket.unlink()
    editor = Editor()
    async with Agent(home, editor) as agent:
        session = await agent.session()
        assert await agent.ask(session, "hello") == "end_turn" and editor.text() == "echo: hello"
    status = subprocess.run([BIN / "tandem", "call", "status"], env=home.env, capture_output=True, check=True)
    os.kill(json.loads(status.stdout)["pid"], signal.SIGTERM)


@test
async def much_text_comes_in_few_frames(home):
    editor = Editor()
    async with Agent(home, editor) as agent:
        session = await agent.session()
        start = time.monotonic()
        assert await agent.ask(session, "words 3000") == "end_turn"
        frames = editor.kinds().count("agent_message_chunk")
        assert frames <= (time.monotonic() - start) / 0.015 + 3, frames
        assert editor.text() == "".join(f"w{index} " for index in range(3000))
        # Five megabytes in one message.
        editor.updates.clear()
        assert await agent.ask(session, "short answer " + "é" * 2_500_000) == "end_turn"
        assert editor.text() == "ok"
        assert len(home.upstream.requests[-1]["messages"][-1]["content"]) == 2_500_013


@test
async def options_and_modes_stay_in_sync(home):
    editor = Editor()
    async with Agent(home, editor) as agent:
        answer = await agent.connection.new_session(cwd="/tmp", mcp_servers=[])
        session = answer.session_id
        assert answer.modes.current_mode_id == "ask"
        options = {each.id: each for each in answer.config_options}
        assert options["mode"].category == "mode" and options["model"].category == "model"
        assert options["thought_level"].category == "thought_level" and options["model"].current_value == "m"
        await agent.connection.set_session_mode(session_id=session, mode_id="plan")
        await until(lambda: "config_option_update" in editor.kinds(), "options follow the mode")
        answer = await agent.connection.set_config_option(session_id=session, config_id="mode", value="edit")
        assert {each.id: each.current_value for each in answer.config_options}["mode"] == "edit"
        await until(lambda: "current_mode_update" in editor.kinds(), "the mode follows the options")
        answer = await agent.connection.set_config_option(session_id=session, config_id="thought_level", value="high")
        assert len(answer.config_options) == 3
        for config, value in (("model", "none"), ("mode", "x"), ("what", "m")):
            try:
                await agent.connection.set_config_option(session_id=session, config_id=config, value=value)
                raise AssertionError("accepted")
            except RequestError as error:
                assert error.code == -32602


@test
async def context_reaches_the_model(home):
    file = home.path / "a b.txt"
    file.write_text("on the disk")
    link = ResourceContentBlock(type="resource_link", uri=f"file://{home.path}/a%20b.txt", name="a b.txt")
    embedded = EmbeddedResourceContentBlock(
        type="resource", resource=TextResourceContents(uri="file:///x/y.py", text="embedded = 1"))
    async with Agent(home, Editor()) as agent:
        session = await agent.session()
        await agent.ask(session, "look", link, embedded)
        text = home.upstream.requests[-1]["messages"][-1]["content"]
        assert text.startswith("look") and "on the disk" in text and "embedded = 1" in text, text
    editor = Editor(files={str(file): "not saved yet"})
    async with Agent(home, editor, fs=True) as agent:
        session = await agent.session()
        await agent.ask(session, "look", link)
        text = home.upstream.requests[-1]["messages"][-1]["content"]
        assert "not saved yet" in text and "on the disk" not in text, text


@test
async def cancel_in_every_race(home):
    editor = Editor()
    async with Agent(home, editor) as agent:
        session, other = await agent.session(), await agent.session()
        # Idle, and before: nothing happens.
        await agent.connection.cancel(session_id=session)
        assert await agent.ask(session, "hello") == "end_turn"
        # During.
        turn = asyncio.create_task(agent.ask(session, "slow"))
        beside = asyncio.create_task(agent.ask(other, "slow"))
        await until(lambda: editor.text(session=session).count(" ") > 3, "the answer begins")
        await agent.connection.cancel(session_id=session)
        assert await turn == "cancelled"
        count = len(editor.updates)
        await until(lambda: len(editor.updates) > count, "the other session goes on")
        assert not beside.done()
        assert all(each == other for each, _ in editor.updates[count:]), "nothing after the stop reason"
        await agent.connection.cancel(session_id=other)
        assert await beside == "cancelled"
        # At once after the prompt, many times.
        for _ in range(20):
            sent = len(agent.sent)
            turn = asyncio.create_task(agent.ask(session, "slow"))
            while len(agent.sent) == sent:
                await asyncio.sleep(0)
            await agent.connection.cancel(session_id=session)
            assert await turn == "cancelled"
        # After.
        assert await agent.ask(session, "hello") == "end_turn"
        await agent.connection.cancel(session_id=session)
        assert await agent.ask(session, "hello") == "end_turn"
        # $/cancel_request.
        turn = asyncio.create_task(agent.ask(session, "slow"))
        begun = len(editor.updates)
        await until(lambda: len(editor.updates) > begun, "the answer begins")
        number = max(each for each, method in agent.sent.items() if method == "session/prompt")
        line = {"jsonrpc": "2.0", "method": "$/cancel_request", "params": {"requestId": number}}
        agent.process.stdin.write(json.dumps(line).encode() + b"\n")
        assert await turn == "cancelled"


@test
async def load_replays_and_resume_does_not(home):
    first = Editor()
    async with Agent(home, first) as agent:
        session = await agent.session()
        await agent.ask(session, "one")
        await agent.ask(session, "two")
    second = Editor()
    async with Agent(home, second) as agent:
        found = await agent.connection.list_sessions()
        assert [each.session_id for each in found.sessions] == [session], found
        assert found.sessions[0].cwd == str(home.path / "project")
        assert (await agent.connection.list_sessions(cwd="/nowhere")).sessions == []
        await agent.connection.load_session(cwd=str(home.path / "project"), session_id=session, mcp_servers=[])
        answer = next(i for i, each in enumerate(agent.frames) if "modes" in (each.get("result") or {}))
        updates = [each["params"]["update"] for each in agent.frames[:answer] if "method" in each]
        said = [(each["sessionUpdate"], each["content"]["text"]) for each in updates]
        assert said == [
            ("user_message_chunk", "one"), ("agent_message_chunk", "echo: one"),
            ("user_message_chunk", "two"), ("agent_message_chunk", "echo: two"),
        ], said
        assert await agent.ask(session, "three") == "end_turn"
        assert len(home.upstream.requests[-1]["messages"]) == 5
    third = Editor()
    async with Agent(home, third) as agent:
        await agent.connection.resume_session(cwd=str(home.path / "project"), session_id=session, mcp_servers=[])
        assert not {"user_message_chunk", "agent_message_chunk"} & set(third.kinds())
        await agent.ask(session, "four")
        assert len(home.upstream.requests[-1]["messages"]) == 7
        await agent.connection.close_session(session_id=session)
        try:
            await agent.ask(session, "five")
            raise AssertionError("closed")
        except RequestError as error:
            assert error.code == -32002
        empty = await agent.session()
        await agent.connection.close_session(session_id=empty)
        await agent.connection.load_session(cwd="/tmp", session_id=empty, mcp_servers=[])
        try:
            await agent.connection.load_session(cwd="/tmp", session_id="acp/none", mcp_servers=[])
            raise AssertionError("loaded")
        except RequestError as error:
            assert error.code == -32002, error


PLAN = json.dumps({
    "root_cause": "a typo", "strategy": "mend it",
    "edits": [
        {"file": "a.py", "type": "replace", "find": "helo", "replace": "hello"},
        {"file": "b.py", "type": "create", "content": "x = 1\n"},
    ]})


def project(home):
    folder = home.path / "project"
    folder.mkdir(exist_ok=True)
    (folder / "a.py").write_text('print("helo")\n')
    return folder


async def editing(home, editor, fs=False, prompt="mend the typo"):
    async with Agent(home, editor, fs=fs) as agent:
        session = await agent.session()
        await agent.connection.set_session_mode(session_id=session, mode_id="edit")
        assert await agent.ask(session, prompt) == "end_turn"
    return agent


@test
async def edits_on_the_disk_with_permission(home):
    folder = project(home)
    editor = Editor(["allow_once", "allow_once"])
    async with Agent(home, editor) as agent:
        session = await agent.session()
        await agent.connection.set_session_mode(session_id=session, mode_id="edit")
        assert await agent.ask(session, "mend the typo") == "end_turn"
        assert (folder / "a.py").read_text() == 'print("hello")\n', editor.text()
        assert (folder / "b.py").read_text() == "x = 1\n"
        assert len(editor.asked) == 2
        kinds = editor.kinds()
        assert "plan" in kinds and "tool_call" in kinds and "tool_call_update" in kinds
        call = next(update for _, update in editor.updates if update.session_update == "tool_call")
        assert call.content[0].old_text == 'print("helo")\n' and call.content[0].new_text == 'print("hello")\n'
        assert call.content[0].path == str(folder / "a.py")
        assert await agent.ask(session, "/undo") == "end_turn"
        assert (folder / "a.py").read_text() == 'print("helo")\n' and not (folder / "b.py").exists()
        # Always: the second turn does not ask.
        editor.permissions = ["allow_always"]
        asked = len(editor.asked)
        assert await agent.ask(session, "mend the typo") == "end_turn"
        assert len(editor.asked) == asked + 1
        assert (folder / "b.py").exists()
        # Nor does a later turn; another session does.
        (folder / "a.py").write_text('print("helo")\n')
        assert await agent.ask(session, "mend the typo") == "end_turn"
        assert len(editor.asked) == asked + 1 and (folder / "a.py").read_text() == 'print("hello")\n'
        (folder / "b.py").unlink()
        editor.permissions = ["reject_always"]
        other = await agent.session()
        await agent.connection.set_session_mode(session_id=other, mode_id="edit")
        assert await agent.ask(other, "mend the typo") == "end_turn"
        assert len(editor.asked) == asked + 2 and not (folder / "b.py").exists()
        assert await agent.ask(other, "mend the typo") == "end_turn"
        assert len(editor.asked) == asked + 2 and not (folder / "b.py").exists(), "rejected for the session"


@test
async def a_rejected_file_stays(home):
    folder = project(home)
    editor = Editor(["reject_once", "allow_once"])
    await editing(home, editor)
    assert (folder / "a.py").read_text() == 'print("helo")\n' and (folder / "b.py").exists()
    # What was rejected is neither done nor left to do.
    plan = [update for _, update in editor.updates if update.session_update == "plan"][-1]
    assert [(each.content, each.status) for each in plan.entries] == [("Create b.py", "completed")], plan
    (folder / "b.py").unlink()
    editor = Editor(["reject_always"])
    await editing(home, editor)
    assert len(editor.asked) == 1 and not (folder / "b.py").exists()


@test
async def unsaved_buffers_are_edited_in_the_editor(home):
    folder = project(home)
    path = str(folder / "a.py")
    editor = Editor(["allow_once", "allow_once"], files={path: '# not saved\nprint("helo")\n'})
    async with Agent(home, editor, fs=True) as agent:
        session = await agent.session()
        await agent.connection.set_session_mode(session_id=session, mode_id="edit")
        assert await agent.ask(session, "mend the typo") == "end_turn"
        assert editor.files[path] == '# not saved\nprint("hello")\n', editor.text()
        assert editor.files[str(folder / "b.py")] == "x = 1\n"
        assert (folder / "a.py").read_text() == 'print("helo")\n' and not (folder / "b.py").exists()
        assert await agent.ask(session, "/undo") == "end_turn"
        assert editor.files[path] == '# not saved\nprint("helo")\n'


MOVES = json.dumps({
    "edits": [
        {"file": "a.py", "type": "rename", "to": "sub/c.py"},
        {"file": "old.py", "type": "delete"},
        {"file": "new.py", "type": "create", "content": "n = 1\n"},
    ]})


@test
async def renames_and_deletions(home):
    for fs in (False, True):
        folder = project(home)
        (folder / "old.py").write_text("o = 1\n")
        files = {str(each): each.read_text() for each in folder.glob("*.py")} if fs else {}
        editor = Editor(["allow_always"], files=files)
        async with Agent(home, editor, fs=fs) as agent:
            session = await agent.session()
            await agent.connection.set_session_mode(session_id=session, mode_id="edit")
            assert await agent.ask(session, "tidy up") == "end_turn"
            assert not (folder / "a.py").exists() and not (folder / "old.py").exists(), editor.text()
            assert (folder / "sub/c.py").read_text() == 'print("helo")\n'
            calls = [update for _, update in editor.updates if update.session_update == "tool_call"]
            assert sorted(each.kind for each in calls) == ["delete", "edit", "move"], calls
            new = folder / "new.py"
            assert (editor.files[str(new)] if fs else new.read_text()) == "n = 1\n"
            assert await agent.ask(session, "/undo") == "end_turn"
            assert (folder / "a.py").exists() and (folder / "old.py").read_text() == "o = 1\n", editor.text()


MODEL_EDIT = json.dumps({
    "edits": [
        {"file": "a.py", "type": "model_edit", "action": "say it loudly", "region": {"start": 1, "end": 1}},
    ]})


@test
async def what_a_model_wrote_is_written_as_it_was_shown(home):
    folder = project(home)
    editor = Editor(["allow_once"])
    async with Agent(home, editor) as agent:
        session = await agent.session()
        await agent.connection.set_session_mode(session_id=session, mode_id="edit")
        assert await agent.ask(session, "let a model do it") == "end_turn"
        asked = len(home.upstream.requests)
        call = next(update for _, update in editor.updates if update.session_update == "tool_call")
        assert (folder / "a.py").read_text() == call.content[0].new_text == 'print("HELO")\n', editor.text()
        assert asked == 2, "the plan and the edit, and no model after the permission"


SLOW_EDIT = json.dumps({
    "edits": [
        {"file": "a.py", "type": "model_edit", "action": "do it slowly", "region": {"start": 1, "end": 1}},
        {"file": "b.py", "type": "create", "content": "x = 1\n"},
    ]})
ENDLESS = "x" * 400_000  # at 40 characters every 50 ms


@test
async def each_file_is_shown_when_it_is_resolved(home):
    folder = project(home)
    editor = Editor(["allow_always"])
    async with Agent(home, editor) as agent:
        session = await agent.session()
        await agent.connection.set_session_mode(session_id=session, mode_id="edit")
        turn = asyncio.create_task(agent.ask(session, "one file takes a while"))
        await until(lambda: "tool_call" in editor.kinds(), "a file is shown while a model is at another")
        call = next(update for _, update in editor.updates if update.session_update == "tool_call")
        assert (call.title, call.kind, call.status) == ("Create b.py", "edit", "pending"), call
        assert call.locations[0].path == str(folder / "b.py") and not editor.asked
        # Cancelled while files are resolved.
        await agent.connection.cancel(session_id=session)
        assert await turn == "cancelled"
        assert not (folder / "b.py").exists()
        # The call that is asked for is the one that was shown.
        editor.updates.clear()
        assert await agent.ask(session, "one file takes a moment") == "end_turn"
        calls = [update for _, update in editor.updates if update.session_update == "tool_call"]
        assert [each.title for each in calls] == ["Create b.py", "Edit a.py"], calls
        assert calls[0].content is None and calls[1].content[0].new_text == 'print("HELO")\n', calls
        assert [each.content[0].new_text for each, _ in editor.asked] == ['print("HELO")\n'], editor.asked
        told = [update for _, update in editor.updates if update.session_update == "tool_call_update"]
        assert (told[0].tool_call_id, told[0].content[0].new_text) == (calls[0].tool_call_id, "x = 1\n"), told
        last = {update.tool_call_id: update.status for _, update in editor.updates
                if update.session_update == "tool_call_update"}
        assert last == {each.tool_call_id: "completed" for each in calls}, last


@test
async def cancel_while_a_plan_is_made(home):
    project(home)
    editor = Editor()
    async with Agent(home, editor) as agent:
        session = await agent.session()
        for mode in ("plan", "edit"):
            await agent.connection.set_session_mode(session_id=session, mode_id=mode)
            asked = len(home.upstream.requests)
            turn = asyncio.create_task(agent.ask(session, "plan it slowly"))
            await until(lambda: len(home.upstream.requests) > asked, "the planner is asked")
            await agent.connection.cancel(session_id=session)
            assert await turn == "cancelled"
            await until(home.upstream.abandoned.is_set, "the transfer is closed")
            home.upstream.abandoned.clear()
        assert await agent.ask(session, "/model") == "end_turn"


@test
async def plan_mode_changes_nothing_and_execute_does(home):
    folder = project(home)
    editor = Editor(["allow_always"])
    async with Agent(home, editor) as agent:
        session = await agent.session()
        await agent.connection.set_session_mode(session_id=session, mode_id="plan")
        assert await agent.ask(session, "mend the typo") == "end_turn"
        assert (folder / "a.py").read_text() == 'print("helo")\n' and not editor.asked
        assert "a typo" in editor.text() and "-helo" in editor.text()
        assert await agent.ask(session, "/execute") == "end_turn"
        assert (folder / "a.py").read_text() == 'print("hello")\n', editor.text()


@test
async def plans_and_edits_are_part_of_the_conversation(home):
    project(home)
    async with Agent(home, Editor(["allow_always"])) as agent:
        session = await agent.session()
        await agent.connection.set_session_mode(session_id=session, mode_id="edit")
        assert await agent.ask(session, "mend the typo") == "end_turn"
        await agent.connection.set_session_mode(session_id=session, mode_id="ask")
        assert await agent.ask(session, "/undo") == "end_turn"
        assert await agent.ask(session, "/stats") == "end_turn"
        assert await agent.ask(session, "hello") == "end_turn"
        sent = home.upstream.requests[-1]["messages"]
        assert [each["content"] for each in sent if each["role"] == "user"] == ["mend the typo", "/undo", "hello"], sent
    editor = Editor()
    async with Agent(home, editor) as agent:
        await agent.connection.load_session(cwd=str(home.path / "project"), session_id=session, mcp_servers=[])
        assert editor.text("user_message_chunk") == "mend the typo/undohello", editor.updates
        said = editor.text()
        assert "a typo" in said and "Changed a.py, b.py" in said and "Restored" in said and "echo: hello" in said, said


@test
async def an_escalation_knows_what_was_said(home):
    editor = Editor()
    async with Agent(home, editor) as agent:
        session = await agent.session()
        assert await agent.ask(session, "/escalate") == "end_turn" and "nothing to escalate" in editor.text()
        assert await agent.ask(session, "first") == "end_turn"
        editor.updates.clear()
        assert await agent.ask(session, "/escalate why?") == "end_turn"
        assert editor.text().startswith("echo: "), editor.text()
        sent = home.upstream.requests[-1]
        assert sent["model"] == "thinker"
        said = [each["content"] for each in sent["messages"] if each["role"] != "system"]
        assert said[-3:] == ["first", "echo: first", "why?"], said
        # Without a question, the last one again.
        assert await agent.ask(session, "/escalate") == "end_turn"
        assert home.upstream.requests[-1]["model"] == "thinker"


@test
async def cancel_while_permission_is_asked(home):
    folder = project(home)
    editor = Editor()
    async with Agent(home, editor) as agent:
        session = await agent.session()
        await agent.connection.set_session_mode(session_id=session, mode_id="edit")
        turn = asyncio.create_task(agent.ask(session, "mend the typo"))
        await asyncio.wait_for(editor.waiting.wait(), 20)
        await agent.connection.cancel(session_id=session)
        assert await turn == "cancelled"
        editor.permissions = ["cancelled"]
        assert await agent.ask(session, "mend the typo") == "cancelled"
        assert (folder / "a.py").read_text() == 'print("helo")\n'


@test
async def commands(home):
    editor = Editor()
    async with Agent(home, editor) as agent:
        session = await agent.session()
        for prompt, part in (
            ("/model", "m (current)"), ("/model nn", "There is no model nn"), ("/model m", "from now on"),
            ("/execute", "no plan yet"), ("/undo", "nothing to undo"), ("/plan", "Say what"),
            ("/stats", ""), ("/unknown thing", "echo: /unknown thing"),
        ):
            editor.updates.clear()
            assert await agent.ask(session, prompt) == "end_turn", prompt
            assert part in editor.text(), (prompt, editor.text())


@test
async def tools_of_the_clients_mcp_servers(home):
    server = McpServerStdio(
        name="forecast", command=sys.executable, args=[str(HERE / "mcp_toy_server.py")],
        env=[EnvVariable(name="TOY_GREETING", value="sunny")])
    editor = Editor(["allow_once", "reject_once"])
    async with Agent(home, editor) as agent:
        session = await agent.session(mcp_servers=[server])
        assert await agent.ask(session, "use the tool") == "end_turn"
        first, second = home.upstream.requests[-2:]
        names = [each["function"]["name"] for each in first["tools"]]
        assert names == ["forecast__weather"], names
        result = second["messages"][-1]
        assert result["role"] == "tool" and result["content"] == "sunny in Oslo", result
        assert editor.text() == "echo: sunny in Oslo"
        statuses = [update.status for _, update in editor.updates if update.session_update == "tool_call_update"]
        assert statuses == ["in_progress", "completed"], statuses
        await agent.ask(session, "use the tool")
        assert "did not permit" in home.upstream.requests[-1]["messages"][-1]["content"]
        # For the session, each answer holds.
        for choice, result in (("allow_always", "sunny in Oslo"), ("reject_always", "did not permit")):
            other = await agent.session(mcp_servers=[server])
            editor.permissions = [choice]
            asked = len(editor.asked)
            for _ in range(2):
                await agent.ask(other, "use the tool")
                assert result in home.upstream.requests[-1]["messages"][-1]["content"]
            assert len(editor.asked) == asked + 1
        # Cancelled while a tool is at work.
        editor.permissions = ["allow_once"]
        slow = await agent.session(mcp_servers=[
            McpServerStdio(name="slow", command=server.command, args=server.args,
                           env=[EnvVariable(name="TOY_GREETING", value="never")])])
        turn = asyncio.create_task(agent.ask(slow, "use the tool"))
        await until(lambda: editor.updates and getattr(editor.updates[-1][1], "status", "") == "in_progress", "it works")
        await agent.connection.cancel(session_id=slow)
        assert await turn == "cancelled"
        broken = McpServerStdio(name="broken", command="/nowhere/server", args=[], env=[])
        other = await agent.session(mcp_servers=[broken])
        assert await agent.ask(other, "hello") == "end_turn"
        assert "broken" in editor.text("agent_thought_chunk")


@test
async def no_process_is_left(home):
    for number, how in enumerate(("stdin", signal.SIGTERM, signal.SIGKILL)):
        mark = f"98765{os.getpid()}{number}"
        server = McpServerStdio(name="deaf", command="sleep", args=[mark], env=[])

        def is_there():
            with contextlib.suppress(subprocess.CalledProcessError):
                return subprocess.check_output(["pgrep", "-fx", f"sleep {mark}"]) != b""
            return False

        agent = Agent(home, Editor())
        await agent.__aenter__()
        await agent.session(mcp_servers=[server])
        await until(is_there, "it runs")
        if how == "stdin":
            await agent.__aexit__()
        else:
            agent.process.send_signal(how)
            await agent.process.wait()
            await agent.pump
            with contextlib.suppress(Exception):
                await agent.connection.close()
        await until(lambda: not is_there(), f"it is left by {how}", 2)


@test
async def a_killed_daemon_is_not_the_end(home):
    editor = Editor()
    async with Agent(home, editor) as agent:
        session = await agent.session()
        turn = asyncio.create_task(agent.ask(session, "slow"))
        await until(lambda: editor.text(), "the answer begins")
        home.processes[0].send_signal(signal.SIGKILL)
        home.processes[0].wait()
        try:
            await turn
            raise AssertionError("no error")
        except RequestError as error:
            assert "lost" in str(error), error
        home.start_daemon()
        assert await agent.ask(session, "hello") == "end_turn"


@test
async def bad_messages_get_errors(home):
    async with Agent(home, Editor()) as agent:
        session = await agent.session()
        for line, code in (
            (b"nonsense", -32700), (b"[]", -32600), (b'{"jsonrpc":"2.0","id":900,"method":"no/such"}', -32601),
            (b'{"jsonrpc":"2.0","id":901,"method":"session/new","params":{"cwd":"here","mcpServers":[]}}', -32602),
            (b'{"jsonrpc":"2.0","id":902,"method":"session/prompt","params":{"sessionId":"x","prompt":[]}}', -32002),
        ):
            count = len(agent.frames)
            agent.process.stdin.write(line + b"\n")
            await until(lambda: len(agent.frames) > count, line)
            assert agent.frames[-1]["error"]["code"] == code, agent.frames[-1]
        # A second prompt while one runs.
        turn = asyncio.create_task(agent.ask(session, "slow"))
        await asyncio.sleep(0.05)
        try:
            await agent.ask(session, "hello")
            raise AssertionError("accepted")
        except RequestError as error:
            assert error.code == -32600
        await agent.connection.cancel(session_id=session)
        assert await turn == "cancelled"


ESCALATION = """
[models.think]
provider = "up"
model = "thinker"
[models.assistant]
workflow = "escalate"
default = "m"
reasoning = "think"
"""

if __name__ == "__main__":
    run(
        [
            hello_and_a_chat, the_daemon_is_not_needed_for_hello,
            the_daemon_is_started_where_there_is_none, much_text_comes_in_few_frames, options_and_modes_stay_in_sync,
            context_reaches_the_model, cancel_in_every_race, load_replays_and_resume_does_not,
            edits_on_the_disk_with_permission, a_rejected_file_stays, unsaved_buffers_are_edited_in_the_editor,
            renames_and_deletions, what_a_model_wrote_is_written_as_it_was_shown,
            each_file_is_shown_when_it_is_resolved, cancel_while_a_plan_is_made,
            plan_mode_changes_nothing_and_execute_does,
            plans_and_edits_are_part_of_the_conversation, an_escalation_knows_what_was_said, cancel_while_permission_is_asked, commands,
            tools_of_the_clients_mcp_servers, no_process_is_left, a_killed_daemon_is_not_the_end,
            bad_messages_get_errors,
        ],
        config=ESCALATION,
        replies={
            "mend the typo": PLAN, "tidy up": MOVES, "let a model do it": MODEL_EDIT,
            "one file takes a while": SLOW_EDIT, "one file takes a moment": SLOW_EDIT.replace("do it slowly", "say it loudly"),
            "slowly": ENDLESS,
            "say it loudly": '```python\nprint("HELO")\n```', "short answer": "ok",
        },
    )
