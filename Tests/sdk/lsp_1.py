"""`tandem lsp` with pytest-lsp's client, which checks what it is sent, in the skins of several editors."""

import asyncio
import json
import shutil
import subprocess

from typing import Union

from lsprotocol import types
from pytest_lsp import client_capabilities, make_test_lsp_client

from harness import BIN, ROOT, run

SOURCE = 'def greet():\n    # tandem: say more\n    print("helo")\n'
PLAN = json.dumps({"edits": [{"file": "a.py", "type": "replace", "find": '"helo"', "replace": '"hello"'}]})
AT = types.Range(start=types.Position(line=1, character=0), end=types.Position(line=3, character=0))


class Session:
    """A client with one document open, which is not as it is on the disk."""

    def __init__(self, home, editor="neovim@v0.7"):
        self.home, self.editor = home, editor
        self.applied = []

    async def __aenter__(self):
        self.client = make_test_lsp_client()
        # lsprotocol takes every code action with a command for a plain command, and its command for text.
        converter = self.client.protocol._converter
        converter.register_structure_hook(
            Union[types.Command, types.CodeAction],
            lambda value, _: converter.structure(
                value, types.Command if isinstance(value.get("command"), str) else types.CodeAction))

        @self.client.feature(types.WORKSPACE_APPLY_EDIT)
        def apply(params: types.ApplyWorkspaceEditParams):
            self.applied.append(params)
            return types.ApplyWorkspaceEditResult(applied=True)

        await self.client.start_io(str(BIN / "tandem"), "lsp", env=self.home.env, cwd=str(self.home.path))
        self.uri = f"file://{self.home.path}/a.py"
        self.hello = await self.client.initialize_session(
            types.InitializeParams(
                capabilities=client_capabilities(self.editor) if self.editor else PLAIN, root_uri=f"file://{self.home.path}", process_id=None
            )
        )
        (self.home.path / "a.py").write_text("on the disk\n")
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(
                text_document=types.TextDocumentItem(uri=self.uri, language_id="python", version=1, text="old\n")
            )
        )
        self.change(2, SOURCE)
        return self

    async def __aexit__(self, *_):
        await self.client.shutdown_session()
        await asyncio.wait_for(self.client._server.wait(), 5)
        assert self.client._server.returncode == 0
        assert self.client.error is None, self.client.error

    def change(self, version, text):
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                text_document=types.VersionedTextDocumentIdentifier(uri=self.uri, version=version),
                content_changes=[types.TextDocumentContentChangeWholeDocument(text=text)],
            )
        )

    async def actions(self, diagnostics=(), only=None):
        return await self.client.text_document_code_action_async(
            types.CodeActionParams(
                text_document=types.TextDocumentIdentifier(uri=self.uri),
                range=AT,
                context=types.CodeActionContext(diagnostics=list(diagnostics), only=only),
            )
        )

    async def execute(self, command, token=None):
        if token:
            self.client.progress_reports[token] = []
        return await asyncio.wait_for(
            self.client.workspace_execute_command_async(
                types.ExecuteCommandParams(
                    command=command.command, arguments=command.arguments, work_done_token=token
                )
            ),
            20,
        )


PLAIN = types.ClientCapabilities(workspace=types.WorkspaceClientCapabilities(apply_edit=True))
DIAGNOSTIC = types.Diagnostic(
    range=types.Range(start=types.Position(line=2, character=10), end=types.Position(line=2, character=16)),
    message="spelling: helo", source="spell", severity=types.DiagnosticSeverity.Warning,
)


def test(function):
    def body(home):
        asyncio.run(function(home))

    body.__name__ = function.__name__
    return body


@test
async def what_it_offers(home):
    async with Session(home) as session:
        capabilities = session.hello.capabilities
        assert capabilities.text_document_sync.change == types.TextDocumentSyncKind.Full
        assert set(capabilities.execute_command_provider.commands) == {"tandem.fix", "tandem.explain", "tandem.apply"}
        titles = [each.title for each in await session.actions([DIAGNOSTIC])]
        assert titles == ["Tandem: fix this diagnostic", "Tandem: explain", "Tandem: apply instruction…"], titles
        assert len(await session.actions([DIAGNOSTIC, DIAGNOSTIC])) == 4
        assert [each.title for each in await session.actions([DIAGNOSTIC], [types.CodeActionKind.QuickFix])] == titles[:1]
        assert [each.title for each in await session.actions([], [types.CodeActionKind.Refactor])] == titles[2:]


@test
async def plain_commands_for_editors_without_code_actions(home):
    async with Session(home, None) as session:
        action = (await session.actions([DIAGNOSTIC]))[0]
        assert isinstance(action, types.Command) and action.title == "Tandem: fix this diagnostic"
        assert (await session.execute(action))["applied"]
        assert session.uri in session.applied[0].edit.changes


@test
async def a_fix_reaches_the_editor(home):
    for editor in ("neovim@v0.7", "visual_studio_code", "emacs"):
        async with Session(home, editor) as session:
            action = (await session.actions([DIAGNOSTIC]))[0]
            assert action.diagnostics[0].message == DIAGNOSTIC.message
            answer = await session.execute(action.command, token="mine")
            assert answer["applied"] is True
            edit = session.applied[0].edit
            if client_capabilities(editor).workspace.workspace_edit.document_changes:
                change = edit.document_changes[0]
                assert change.text_document.version == 2 and change.text_document.uri == session.uri
                (edit,) = change.edits
            else:
                (edit,) = edit.changes[session.uri]
            assert edit.new_text == '    print("hello")\n', edit
            assert (edit.range.start.line, edit.range.end.line) == (2, 3)
            kinds = [each.kind for each in session.client.progress_reports["mine"]]
            assert kinds[0] == "begin" and kinds[-1] == "end", kinds
    assert (home.path / "a.py").read_text() == "on the disk\n"
    prompt = json.dumps(home.upstream.requests[-1]["messages"])
    assert "spelling: helo" in prompt and "on the disk" not in prompt, prompt


@test
async def an_instruction_from_a_comment(home):
    async with Session(home) as session:
        action = (await session.actions())[-1]
        assert (await session.execute(action.command))["applied"]
        assert "say more" in json.dumps(home.upstream.requests[-1]["messages"])
        # The editor began no progress, so the server did.
        assert len(session.client.progress_reports) == 1
        session.change(3, SOURCE.replace("tandem:", ""))
        try:
            await session.execute(action.command)
            raise AssertionError("accepted")
        except Exception as error:
            assert "there is no instruction" in str(error), error
        action.command.arguments[0]["instruction"] = "shout"
        await session.execute(action.command)
        assert "shout" in json.dumps(home.upstream.requests[-1]["messages"])


@test
async def an_explanation_is_shown(home):
    async with Session(home) as session:
        session.change(3, "a = 1\nb = 2\nc = 3\n")
        action = (await session.actions())[0]
        answer = await session.execute(action.command)
        assert answer["text"].startswith("echo: Explain lines 2 to 4"), answer
        assert session.client.messages[-1].message == answer["text"]


@test
async def cancel(home):
    async with Session(home) as session:
        action = (await session.actions())[-1]
        action.command.arguments[0]["instruction"] = "slowly"
        for how in ("request", "progress"):
            asked = len(home.upstream.requests)
            task = asyncio.create_task(session.execute(action.command, token=f"token-{how}"))
            while len(home.upstream.requests) == asked:
                await asyncio.sleep(0.005)
            if how == "request":
                (number,) = [each for each in session.client.protocol._request_futures]
                session.client.cancel_request(types.CancelParams(id=number))
            else:
                session.client.window_work_done_progress_cancel(
                    types.WorkDoneProgressCancelParams(token=f"token-{how}"))
            try:
                await task
                raise AssertionError("not cancelled")
            except Exception as error:
                assert getattr(error, "code", None) == -32800, repr(error)
        assert not session.applied


def in_editor(home, *command):
    """An editor edits a.py with a snippet of clients/; what it saves is what a person would see."""
    if not shutil.which(command[0]):
        print(f"      skipped: {command[0]} is not installed")
        return
    file = home.path / "a.py"
    file.write_text(SOURCE)
    env = {**home.env, "PATH": f"{BIN}:{home.env['PATH']}", "TANDEM_SNIPPETS": str(ROOT / "clients")}
    done = subprocess.run(
        command, env=env, cwd=home.path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    if "skipped" in done.stdout:
        return print("      " + done.stdout.strip())
    assert file.read_text() == SOURCE.replace("helo", "hello"), file.read_text() + done.stderr
    assert "shout" in json.dumps(home.upstream.requests[-1]["messages"])


def in_neovim(home):
    in_editor(home, "nvim", "--headless", "-u", "NONE", "-n", "-S", str(ROOT / "Tests/editors/neovim-lsp.lua"))


def in_emacs(home):
    in_editor(home, "emacs", "--batch", "-q", "-l", str(ROOT / "Tests/editors/eglot.el"))


if __name__ == "__main__":
    run(
        [
            what_it_offers, plain_commands_for_editors_without_code_actions, a_fix_reaches_the_editor, an_instruction_from_a_comment,
            an_explanation_is_shown, cancel, in_neovim, in_emacs,
        ],
        replies={"spelling": PLAN, "say more": PLAN, "shout": PLAN, "slowly": "x" * 100_000},
    )
