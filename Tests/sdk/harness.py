"""What every test with a real SDK needs: a scripted model server, the built daemon and a home of its own.

Only the standard library, so that it runs in each virtual environment.
"""

import contextlib
import http.server
import json
import os
import pathlib
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("TANDEM_BIN", ROOT / ".build" / "debug"))
DEADLINE = 20


class Upstream(http.server.ThreadingHTTPServer):
    """An OpenAI-compatible server that is told what to do by the last user message:

    ``slow``, or a text with ``slowly`` in it: pieces for a minute; ``refuse``: 400; ``tool``, ``use the tool``: a call of the first tool; ``file NAME``: that reply of `replies`;
    ``words N``: N pieces; ``break off``: a stream without its end; ``think``: reasoning before the echo; anything else: ``echo: `` and the message.
    """

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, replies=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies = replies or {}
        self.requests = []
        self.abandoned = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(body)
        text = body["messages"][-1]["content"]
        if not isinstance(text, str):
            text = "".join(part.get("text", "") for part in text)
        try:
            self.answer(body, text)
        except OSError:
            self.server.abandoned.set()

    def answer(self, body, text):
        if text == "refuse":
            reply = json.dumps({"error": {"message": "no such thing", "type": "invalid_request_error"}}).encode()
            self.send_response(400)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)
            return
        call = None
        if text == "tool" or text == "use the tool":
            tools = body.get("tools") or [{"function": {"name": "weather"}}]
            call = {"name": tools[0]["function"]["name"], "arguments": '{"city":"Oslo"}'}
            pieces = []
        elif text == "slow":
            pieces = (f"{index} " for index in range(1200))
        elif text.startswith("words "):
            pieces = (f"w{index} " for index in range(int(text.split()[1])))
        else:
            named = [reply for name, reply in self.server.replies.items() if name in text]
            whole = named[0] if named else "echo: " + text
            pieces = [whole[at : at + 40] for at in range(0, len(whole), 40)]
        pause = 0.05 if text == "slow" or "slowly" in text else 0
        usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
        if not body.get("stream"):
            if text == "slow" and select.select([self.connection], [], [], 60)[0]:
                raise OSError("the client left")
            message = {"role": "assistant", "content": "".join(pieces)}
            if text == "think":
                message["reasoning_content"] = "Hm, let me see."
            if call:
                message["content"] = None
                message["tool_calls"] = [{"id": "call_1", "type": "function", "function": call}]
            choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if call else "stop"}
            reply = json.dumps(
                {"id": "c", "object": "chat.completion", "model": body["model"], "choices": [choice], "usage": usage}
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

        def chunk(delta, finish=None, **more):
            choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
            event = {"id": "c", "object": "chat.completion.chunk", "model": body["model"], "choices": choices, **more}
            data = b"data: " + json.dumps(event).encode() + b"\n\n"
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            self.wfile.flush()

        chunk({"role": "assistant", "content": ""})
        if text == "think":
            for piece in ("Hm, ", "let me see."):
                chunk({"reasoning_content": piece})
        for piece in pieces:
            chunk({"content": piece})
            time.sleep(pause)
        if text == "break off":
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if call:
            first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": call["name"], "arguments": ""}}
            chunk({"tool_calls": [first]})
            for piece in (call["arguments"][:5], call["arguments"][5:]):
                chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        chunk({}, "tool_calls" if call else "stop", usage=usage)
        self.wfile.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")


class Home:
    """A folder with configuration and sockets of its own, and the programs running in it."""

    def __init__(self, replies=None, config="", provider=""):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="tdm-"))
        self.upstream = Upstream(replies)
        self.socket = self.path / "tandem.sock"
        self.processes = []
        self.config = self.path / ".config/tandem/tandem.toml"
        self.config.parent.mkdir(parents=True)
        self.config.write_text(
            f"""default_model = "m"
[providers.up]
kind = "openai"
base_url = "{self.upstream.url}"
{provider}
[models.m]
provider = "up"
model = "scripted"
{config}"""
        )
        self.config.chmod(0o600)
        self.env = {
            "HOME": str(self.path),
            "PATH": os.environ["PATH"],
            "TANDEM_SOCKET": str(self.socket),
            "LANG": "C.UTF-8",
        }

    def start(self, *command, **options):
        process = subprocess.Popen(
            [str(BIN / command[0]), *map(str, command[1:])], env=self.env, cwd=self.path, **options
        )
        self.processes.append(process)
        return process

    def start_daemon(self):
        log = open(self.path / "daemon.log", "ab")
        process = self.start("tandemd", "--socket", self.socket, stdout=log, stderr=log)
        wait_for(lambda: can_connect(socket.AF_UNIX, str(self.socket)), "tandemd listens")
        return process

    def close(self):
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
        self.upstream.shutdown()
        shutil.rmtree(self.path, ignore_errors=True)


def can_connect(family, address):
    with contextlib.closing(socket.socket(family)) as end:
        try:
            end.connect(address)
            return True
        except OSError:
            return False


def wait_for(condition, what, limit=DEADLINE):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit} s: {what}")
        time.sleep(0.01)


def run(tests, finish=True, **options):
    """Runs each test with a home and a daemon of its own; how many failed. With `finish` that is the exit status."""
    failed = 0
    wanted = sys.argv[1:]
    for test in tests:
        if wanted and test.__name__ not in wanted:
            continue
        home = Home(**options)
        start = time.monotonic()
        try:
            home.start_daemon()
            test(home)
            print(f"ok    {test.__name__} ({time.monotonic() - start:.2f} s)", flush=True)
        except BaseException as error:
            failed += 1
            print(f"FAIL  {test.__name__}: {error!r}", flush=True)
            import traceback

            traceback.print_exc()
            log = home.path / "daemon.log"
            print(log.read_text()[-2000:] if log.exists() else "no daemon log")
        finally:
            home.close()
    if finish:
        sys.exit(1 if failed else 0)
    return failed
