"""The rules that every stdio adapter obeys, each adapter against each rule: raw frames on
pipes, the six variables that editors leave, a scripted model server. Only the standard library.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time

import harness

# What the SDKs of the agent and context protocols pass on.
SIX = ("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER")
LONG = "x" * 400_000  # at 40 characters every 50 ms it does not end
INITIALIZE = {
    "stdio": {},
    "acp": {"protocolVersion": 1, "clientCapabilities": {}},
    "mcp": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    "lsp": {"processId": None, "rootUri": None, "capabilities": {}},
}
URI = "file:///nowhere/a.py"


class Adapter:
    """One adapter as a child process."""

    def __init__(self, home, name, command=None, **environment):
        self.home, self.name, self.number = home, name, 0
        env = {key: os.environ.get(key, "x") for key in SIX} | {"HOME": str(home.path)} | environment
        command = command or [str(harness.BIN / "tandem"), name, "--socket", str(home.socket)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=env, cwd=home.path)
        self.messages, self.impure, self.frames, self.stderr = queue.Queue(), [], [], b""
        self.readers = [threading.Thread(target=each, daemon=True) for each in (self.read, self.listen)]
        for reader in self.readers:
            reader.start()
        answer = self.call("initialize", INITIALIZE[name])
        assert "result" in answer, answer
        self.session = None

    def read(self):
        stdout = self.process.stdout
        while True:
            if self.name == "lsp":
                head = stdout.readline()
                if head and not head.startswith(b"Content-Length: "):
                    self.impure.append(head)
                    continue
                data = head and stdout.readline() and stdout.read(int(head.split()[1]))
            else:
                data = stdout.readline()
            if not data:
                return self.messages.put(None)
            try:
                message = json.loads(data)
                assert message["jsonrpc"] == "2.0"
            except (ValueError, AssertionError):
                self.impure.append(data)
                continue
            self.frames.append(message)
            self.messages.put(message)

    def listen(self):
        while data := self.process.stderr.read1(65536):
            self.stderr += data

    def send(self, message):
        data = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False).encode()
        data = b"Content-Length: %d\r\n\r\n%s" % (len(data), data) if self.name == "lsp" else data + b"\n"
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def request(self, method, params):
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        return self.number

    def answer(self, number):
        """The answer to a request; the adapter's own requests are answered on the way."""
        while True:
            message = self.messages.get(timeout=harness.DEADLINE)
            assert message is not None, f"{self.name} has ended: {self.stderr!r}"
            if "method" in message and "id" in message:
                self.send({"id": message["id"], "result": None})
            elif message.get("id") == number:
                return message

    def call(self, method, params):
        return self.answer(self.request(method, params))

    def ask(self, text):
        """Sends a question; gives the request's number."""
        if self.name == "stdio":
            return self.request("chat", {"stream": True, "messages": [{"role": "user", "content": text}]})
        if self.name == "acp":
            if not self.session:
                answer = self.call("session/new", {"cwd": "/", "mcpServers": []})
                self.session = answer["result"]["sessionId"]
            return self.request(
                "session/prompt", {"sessionId": self.session, "prompt": [{"type": "text", "text": text}]}
            )
        if self.name == "mcp":
            params = {"name": "chat", "arguments": {"message": text}, "_meta": {"progressToken": self.number}}
            return self.request("tools/call", params)
        document = {"uri": URI, "languageId": "python", "version": 1, "text": text + "\n"}
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        place = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
        arguments = {"command": "tandem.explain", "arguments": [{"uri": URI, "range": place}]}
        return self.request("workspace/executeCommand", arguments)

    def is_answered(self, message):
        return "result" in message and message["result"].get("isError") is not True

    def check_asking(self, text="hello"):
        message = self.answer(self.ask(text))
        assert self.is_answered(message), message

    def end(self, limit=1.0, status=0):
        """Closes stdin; the adapter has to end within the time."""
        self.process.stdin.close()
        assert self.process.wait(limit) == status, self.process.returncode
        for reader in self.readers:
            reader.join(harness.DEADLINE)
        assert not self.impure, self.impure

    def under_way(self, text="slowly"):
        """Asks for what does not end, and waits until the model is at it."""
        asked = len(self.home.upstream.requests)
        number = self.ask(text)
        harness.wait_for(lambda: len(self.home.upstream.requests) > asked, "the model is asked")
        return number


def stop_daemon(home):
    home.processes[0].kill()
    home.processes[0].wait()


def leave_no_daemon(home):
    """Ends a daemon that an adapter started."""
    status = subprocess.run(
        [harness.BIN / "tandem", "call", "status"], env=home.env, capture_output=True, check=True)
    os.kill(json.loads(status.stdout)["pid"], signal.SIGTERM)


def six_variables(home, name):
    adapter = Adapter(home, name)
    adapter.check_asking()
    # lsp: the protocol has exit without shutdown as a failure, the end of stdin is none.
    adapter.end()
    assert adapter.stderr == b"", adapter.stderr


def found_without_a_word(home, name):
    """No socket is named and XDG_RUNTIME_DIR is missing: /run/user/UID, in a namespace of its own."""
    script = 'mount -t tmpfs tmpfs /run && mkdir -p -m 700 /run/user/0 && exec "$0" "$@"'
    namespace = ["unshare", "-Urm", "sh", "-c", script]
    if subprocess.run([*namespace, "true"], capture_output=True).returncode != 0:
        return print("      skipped: no namespace of a user's own can be had here")
    with home.config.open("a") as config:
        config.write('[daemon]\nidle_exit = "1s"\n')
    adapter = Adapter(home, name, [*namespace, str(harness.BIN / "tandem"), name])
    adapter.check_asking()
    adapter.end()


def daemon_absent(home, name):
    stop_daemon(home)
    home.socket.unlink()
    adapter = Adapter(home, name)  # initialize is answered by itself
    assert not home.socket.exists()
    adapter.check_asking()
    adapter.end()
    leave_no_daemon(home)
    assert adapter.stderr == b"", adapter.stderr


def killed_idle_and_restarted(home, name):
    adapter = Adapter(home, name)
    adapter.check_asking()
    stop_daemon(home)
    home.socket.unlink(missing_ok=True)
    home.start_daemon()
    adapter.check_asking("again")
    adapter.end()


def killed_in_a_turn(home, name):
    adapter = Adapter(home, name)
    number = adapter.under_way()
    stop_daemon(home)
    home.socket.unlink(missing_ok=True)
    asked = len(home.upstream.requests)
    message = adapter.answer(number)
    assert not adapter.is_answered(message), message
    words = json.dumps(message)
    assert "lost" in words and "may have been carried out" in words, words
    home.start_daemon()
    adapter.check_asking("again")
    assert len(home.upstream.requests) == asked + 1, "what may have been delivered is not sent again"
    adapter.end()


def the_parent_is_killed(home, name):
    """By SIGKILL, while the adapter's stdin stays open: something else holds the pipe."""
    read, write = os.pipe()
    script = "import os, subprocess, sys; p = subprocess.Popen(sys.argv[1:]); print(p.pid, flush=True); p.wait()"
    tandem = [str(harness.BIN / "tandem"), name, "--socket", str(home.socket)]
    parent = subprocess.Popen(
        [sys.executable, "-c", script, *tandem], stdin=read, stdout=subprocess.PIPE, env=home.env)
    pid = int(parent.stdout.readline())
    data = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE[name]}).encode()
    os.write(write, b"Content-Length: %d\r\n\r\n%s" % (len(data), data) if name == "lsp" else data + b"\n")
    assert parent.stdout.read1(1)
    parent.kill()
    parent.wait()

    def is_gone():
        try:
            return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] == "Z"
        except FileNotFoundError:
            return True

    harness.wait_for(is_gone, "the adapter has ended", 1)
    os.close(write)


def stdin_closed_in_a_turn(home, name):
    adapter = Adapter(home, name)
    adapter.under_way()
    adapter.end()
    harness.wait_for(home.upstream.abandoned.is_set, "the transfer to the model is closed")
    assert adapter.stderr == b"", adapter.stderr


def stdin_closed_and_the_daemon_stuck(home, name):
    """Nobody answers the cancellation: the adapter does not wait for it."""
    adapter = Adapter(home, name)
    adapter.under_way()
    home.processes[0].send_signal(signal.SIGSTOP)
    try:
        adapter.end()
    finally:
        home.processes[0].send_signal(signal.SIGCONT)
    harness.wait_for(home.upstream.abandoned.is_set, "the transfer to the model is closed")


def five_megabytes(home, name):
    adapter = Adapter(home, name)
    adapter.check_asking("briefly " + "é" * 2_500_000)
    sent = home.upstream.requests[-1]["messages"][-1]["content"]
    assert sent.count("é") >= 2_500_000, len(sent)  # lsp: the file and the lines
    adapter.end()


def a_message_over_the_limit(home, name):
    """32 MiB and no more, which the daemon is not asked about; the next message is served."""
    adapter = Adapter(home, name)
    adapter.check_asking()
    stop_daemon(home)
    home.socket.unlink(missing_ok=True)
    # What it is that is too large nobody looks at.
    number = adapter.request("shutdown", {"text": "x" * (33 << 20)})
    message = adapter.answer(number)
    assert f"larger than {32 << 20} bytes" in message["error"]["message"], str(message)[:200]
    assert not home.socket.exists()
    home.start_daemon()
    adapter.check_asking()
    adapter.end()


def stdout_is_pure(home, name):
    adapter = Adapter(home, name, TANDEM_LOG="debug")
    adapter.check_asking()
    # Whatever a library might print goes to stderr: the protocol has a descriptor of its own.
    files = [os.readlink(f"/proc/{adapter.process.pid}/fd/{number}") for number in (1, 2)]
    assert files[0] == files[1], files
    stop_daemon(home)
    home.socket.unlink(missing_ok=True)
    home.start_daemon()
    adapter.check_asking()
    adapter.end()
    assert adapter.stderr != b"", "it says something when it is asked to"


def many_small_pieces(home, name):
    adapter = Adapter(home, name)
    start, before = time.monotonic(), len(adapter.frames)
    adapter.check_asking("words 3000")
    took = time.monotonic() - start
    frames = len(adapter.frames) - before
    assert frames <= took / 0.015 + 10, f"{frames} frames in {took:.2f} s"
    print(f"      {name}: 3000 pieces in {took:.2f} s came in {frames} frames")
    adapter.end()


RULES = [
    six_variables, found_without_a_word, daemon_absent, killed_idle_and_restarted, killed_in_a_turn,
    the_parent_is_killed, stdin_closed_in_a_turn, stdin_closed_and_the_daemon_stuck, five_megabytes, a_message_over_the_limit, stdout_is_pure,
    many_small_pieces,
]


def test(rule, name):
    def body(home):
        rule(home, name)

    body.__name__ = f"{name}_{rule.__name__}"
    return body


if __name__ == "__main__":
    harness.run(
        [test(rule, name) for name in INITIALIZE for rule in RULES],
        replies={"slowly": LONG, "briefly": "ok"},
    )
