"""`tandem http` with the `openai` SDK, over TCP and over a Unix socket, curl and a Prometheus parser."""

import json
import os
import socket
import subprocess
import threading
import time

import openai
from prometheus_client.parser import text_string_to_metric_families

import harness

try:  # what openai 3 is built on
    import httpx2 as httpx
except ModuleNotFoundError:
    import httpx


class Endpoint:
    """A running `tandem http` on a TCP port of the kernel's choice and on a Unix socket."""

    def __init__(self, home):
        self.path = home.path / "http.sock"
        self.log = home.path / "http.log"
        # The CLI becomes tandem-http.
        self.process = home.start(
            "tandem", "http", "--listen", "127.0.0.1:0", "--listen", self.path, stderr=open(self.log, "wb")
        )
        harness.wait_for(lambda: self.log.read_text().count("listening on") == 2, "tandem-http listens")
        self.base = self.log.read_text().split("listening on ")[1].split()[0]
        show = [str(harness.BIN / "tandem"), "http", "--show-token"]
        self.token = subprocess.run(show, env=home.env, capture_output=True, check=True).stdout.decode().strip()

    def tcp(self, **options):
        return openai.OpenAI(base_url=self.base + "/v1", api_key=self.token, timeout=harness.DEADLINE, **options)

    def unix(self, **options):
        transport = httpx.HTTPTransport(uds=str(self.path))
        return openai.OpenAI(
            base_url="http://localhost/v1", api_key="none", http_client=httpx.Client(transport=transport), **options
        )

    def get(self, path, **headers):
        headers = {"Authorization": f"Bearer {self.token}", **headers}
        return httpx.get(self.base + path, headers=headers, timeout=harness.DEADLINE)


def ask(text, **more):
    return {"model": "m", "messages": [{"role": "user", "content": text}], **more}


def whole_and_streamed(home):
    endpoint = Endpoint(home)
    for client in (endpoint.tcp(), endpoint.unix()):
        answer = client.chat.completions.create(**ask("hello", max_completion_tokens=77, temperature=0.5))
        assert answer.choices[0].message.content == "echo: hello", answer
        assert answer.choices[0].message.role == "assistant" and answer.choices[0].finish_reason == "stop"
        assert answer.id.startswith("chatcmpl-") and answer.object == "chat.completion"
        assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens == 16
        sent = home.upstream.requests[-1]
        assert (sent.get("max_tokens") or sent.get("max_completion_tokens")) == 77 and sent["temperature"] == 0.5
        assert abs(answer.created - time.time()) < 60

        stream = client.chat.completions.create(
            **ask("words 100"), stream=True, stream_options={"include_usage": True}
        )
        chunks = list(stream)
        assert chunks[0].choices[0].delta.role == "assistant" and chunks[0].choices[0].delta.content == ""
        assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens == 16
        assert chunks[-2].choices[0].finish_reason == "stop" and not chunks[-2].choices[0].delta.content
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        assert text == "".join(f"w{n} " for n in range(100)), text
        assert len({c.id for c in chunks}) == 1 and {c.object for c in chunks} == {"chat.completion.chunk"}
        assert all(c.usage is None for c in chunks[:-1])
        plain = list(client.chat.completions.create(**ask("hi"), stream=True))
        assert plain[-1].choices[0].finish_reason == "stop"
        developer = [{"role": "developer", "content": "be short"}, {"role": "user", "content": "hi"}]
        assert client.chat.completions.create(model="m", messages=developer).choices[0].message.content == "echo: hi"


def tool_calls(home):
    client = Endpoint(home).tcp()
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    answer = client.chat.completions.create(**ask("tool", tools=[tool], tool_choice="auto"))
    call = answer.choices[0].message.tool_calls[0]
    assert answer.choices[0].finish_reason == "tool_calls" and answer.choices[0].message.content is None, answer
    assert (call.id, call.function.name) == ("call_1", "weather")
    assert json.loads(call.function.arguments) == {"city": "Oslo"}
    assert home.upstream.requests[-1]["tools"] == [tool]
    with client.chat.completions.stream(**ask("tool", tools=[tool])) as stream:
        final = stream.get_final_completion()
    call = final.choices[0].message.tool_calls[0]
    assert json.loads(call.function.arguments) == {"city": "Oslo"} and call.id == "call_1", final
    history = [
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "tool_calls": [call.model_dump(include={"id", "type"}) | {
            "function": {"name": "weather", "arguments": call.function.arguments}}]},
        {"role": "tool", "tool_call_id": call.id, "content": "rain"},
    ]
    assert client.chat.completions.create(model="m", messages=history).choices[0].message.content == "echo: rain"


def models(home):
    endpoint = Endpoint(home)
    for client in (endpoint.tcp(), endpoint.unix()):
        listed = client.models.list().data
        assert "m" in [model.id for model in listed] and listed[0].object == "model"
        assert client.models.retrieve("m").id == "m"
        try:
            client.models.retrieve("nothing")
            raise AssertionError("an unknown model was found")
        except openai.NotFoundError as error:
            assert error.code == "model_not_found"


WORKFLOWS = """
[models.think]
provider = "up"
model = "thinker"
[models.r1sonqwen]
workflow = "chain"
reasoner = "think"
coder = "m"
[models.auto]
workflow = "route"
code = "m"
general = "m"
polish = { model = "think", min_length = 500 }
"""


def workflows(home):
    """Workflows are models like any other, and what was dropped on the way is never seen."""
    client = Endpoint(home).tcp()
    assert {"m", "think", "r1sonqwen", "auto"} <= {model.id for model in client.models.list().data}
    chunks = [c.choices[0].delta for c in client.chat.completions.create(**ask("add", model="r1sonqwen"), stream=True)]
    text = "".join(delta.content or "" for delta in chunks)
    assert text == "echo: add", text
    assert [request["model"] for request in home.upstream.requests] == ["thinker", "scripted"]
    # Too short a draft: it is polished, so the answer streamed is the polished one alone.
    request = ask("Write a Python function that adds two numbers", model="auto")
    chunks = [c.choices[0].delta for c in client.chat.completions.create(**request, stream=True)]
    streamed = "".join(delta.content or "" for delta in chunks)
    whole = client.chat.completions.create(**request).choices[0].message.content
    assert home.upstream.requests[-1]["model"] == "thinker" and streamed == whole and streamed.count("echo:") <= 2, streamed
    assert chunks[0].role == "assistant"


def failures(home):
    endpoint = Endpoint(home)
    client = endpoint.tcp(max_retries=2)

    def failing(kind, request, **expected):
        try:
            client.chat.completions.create(**request)
        except kind as error:
            for name, value in expected.items():
                assert getattr(error, name) == value, (name, getattr(error, name), error)
            assert error.body["message"]
            return error
        raise AssertionError(f"{request} was answered")

    failing(openai.NotFoundError, ask("x", model="mm"), code="model_not_found", param="model")
    failing(openai.BadRequestError, ask("x", temperature=9), param="temperature", type="invalid_request_error")
    failing(openai.BadRequestError, ask("x", extra_body={"temprature": 1}), param="temprature")
    failing(openai.BadRequestError, ask("x", n=2), param="n")
    failing(openai.BadRequestError, {"model": "m", "messages": [{"role": "user"}]}, param="messages[0].content")
    # A failure before the first piece has a status of its own, streamed or not, and is not asked again.
    before = len(home.upstream.requests)
    for stream in (False, True):
        failing(openai.APIStatusError, ask("refuse", stream=stream), type="server_error")
    assert len(home.upstream.requests) == before + 2, "the SDK was told not to try again"

    bad = openai.OpenAI(base_url=endpoint.base + "/v1", api_key="wrong", max_retries=0)
    try:
        bad.models.list()
        raise AssertionError("a wrong token was taken")
    except openai.AuthenticationError as error:
        assert error.code == "invalid_api_key"


def limits(home):
    client = Endpoint(home).tcp(max_retries=0)
    client.chat.completions.create(**ask("one"))
    try:
        client.chat.completions.create(**ask("two"))
        raise AssertionError("the limit was not kept")
    except openai.RateLimitError as error:
        assert error.code == "rate_limit_exceeded", error
        assert 0 < int(error.response.headers["retry-after"]) <= 3600
        assert error.response.headers["x-should-retry"] == "true"


def a_client_that_leaves(home):
    endpoint = Endpoint(home)
    for stream in (True, False):
        home.upstream.abandoned.clear()
        if stream:
            with endpoint.tcp().chat.completions.create(**ask("slow"), stream=True) as chunks:
                for _, _ in zip(range(3), chunks):
                    pass
        else:
            try:
                endpoint.tcp(max_retries=0).with_options(timeout=0.3).chat.completions.create(**ask("slow"))
                raise AssertionError("nobody waits a minute")
            except openai.APITimeoutError:
                pass
        start = time.monotonic()
        harness.wait_for(home.upstream.abandoned.is_set, "the transfer to the model is closed")
        print(f"      cancelled upstream after {(time.monotonic() - start) * 1000:.0f} ms (stream={stream})")


def the_door(home):
    endpoint = Endpoint(home)
    mode = os.stat(home.path / ".local/state/tandem/http-token").st_mode & 0o777
    assert mode == 0o600 and len(endpoint.token) > 32, oct(mode)
    assert os.stat(endpoint.path).st_mode & 0o777 == 0o600
    assert endpoint.get("/healthz", Authorization="").status_code == 200
    refused = endpoint.get("/v1/models", Authorization="")
    assert refused.status_code == 401 and refused.headers["www-authenticate"] == "Bearer"
    assert endpoint.get("/metrics", Authorization="").status_code == 401
    for host in ("evil.example", "127.0.0.1.evil.example:80", "localhost.evil.example"):
        assert endpoint.get("/v1/models", Host=host).status_code == 403, host
    for host in ("localhost:4141", "127.0.0.1", "[::1]:4141"):
        assert endpoint.get("/v1/models", Host=host).status_code == 200, host
    assert endpoint.get("/v1/models", Origin="http://evil.example").status_code == 403
    assert endpoint.get("/v1/models", Origin="null").status_code == 403
    assert endpoint.get("/v1/models", Origin=endpoint.base).status_code == 200
    allowed = endpoint.get("/v1/models")
    assert not [name for name in allowed.headers if name.startswith("access-control")]
    assert endpoint.get("/nothing").status_code == 404
    wrong = endpoint.get("/v1/chat/completions")
    assert wrong.status_code == 405 and wrong.headers["allow"] == "POST"
    huge = httpx.post(
        endpoint.base + "/v1/chat/completions",
        content=b" " * (33 << 20),
        headers={"Authorization": f"Bearer {endpoint.token}"},
        timeout=harness.DEADLINE,
    )
    assert huge.status_code == 413 and huge.json()["error"]["code"] == "too_large"
    notjson = httpx.post(
        endpoint.base + "/v1/chat/completions", content=b"{", headers={"Authorization": f"Bearer {endpoint.token}"}
    )
    assert notjson.status_code == 400 and notjson.json()["error"]["type"] == "invalid_request_error"


def curl(home):
    endpoint = Endpoint(home)
    body = json.dumps(ask("words 3", stream=True))
    command = ["curl", "-sSN", "--unix-socket", str(endpoint.path), "http://localhost/v1/chat/completions", "-d", body]
    output = subprocess.run(command, capture_output=True, check=True, timeout=harness.DEADLINE).stdout.decode()
    events = output.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""], events[-2:]
    pieces = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
    assert pieces[0]["choices"][0]["delta"]["role"] == "assistant"
    assert pieces[-1]["choices"][0]["delta"] == {} and pieces[-1]["choices"][0]["finish_reason"] == "stop"


def metrics(home):
    endpoint = Endpoint(home)
    for _ in range(3):
        endpoint.tcp().chat.completions.create(**ask("hello"))

    def samples():
        families = text_string_to_metric_families(endpoint.get("/metrics").text)
        return {(s.name, *sorted(s.labels.items())): s.value for family in families for s in family.samples}

    harness.wait_for(lambda: samples().get(("tandem_requests_total", ("model", "m"))) == 3, "the ledger has three")
    seen = samples()
    assert seen[("tandem_up",)] == 1
    assert seen[("tandem_provider_enabled", ("provider", "up"))] == 1
    assert seen[("tandem_tokens_total", ("kind", "prompt"), ("model", "m"))] == 33
    assert seen[("tandem_http_requests_total", ("code", "200"))] >= 4
    print(f"      {len(seen)} samples")


def many_streams(home):
    count = int(os.environ.get("STREAMS", "500"))
    endpoint = Endpoint(home)
    body = json.dumps(ask("slow", stream=True)).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {endpoint.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    host, port = endpoint.base.removeprefix("http://").split(":")
    start = time.monotonic()
    ends = []
    for _ in range(count):
        end = socket.create_connection((host, int(port)))
        end.settimeout(harness.DEADLINE)
        end.sendall(head + body)
        ends.append(end)
    seen = [b""] * count
    for index, end in enumerate(ends):
        while b'"content":"' not in seen[index].replace(b'"content":""', b""):
            piece = end.recv(65536)
            assert piece, seen[index]
            seen[index] += piece
        assert seen[index].startswith(b"HTTP/1.1 200"), seen[index]
    took = time.monotonic() - start
    text = endpoint.get("/metrics").text
    assert f"tandem_http_streams {count}\n" in text, [line for line in text.splitlines() if "streams" in line]
    status = open(f"/proc/{endpoint.process.pid}/status").read()
    memory = int(status.split("VmRSS:")[1].split()[0]) / 1024
    for end in ends:
        end.close()
    harness.wait_for(lambda: "tandem_http_streams 0\n" in endpoint.get("/metrics").text, "all streams are over")
    print(f"      {count} streams at once: all had text after {took:.1f} s, tandem-http {memory:.0f} MB")


def a_slow_reader(home):
    """Back-pressure: what a client does not read stays with the model server."""
    endpoint = Endpoint(home)
    body = json.dumps(ask("words 400000", stream=True)).encode()
    end = socket.socket(socket.AF_UNIX)
    end.connect(str(endpoint.path))
    end.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    end.settimeout(harness.DEADLINE)
    time.sleep(1.5)
    status = open(f"/proc/{endpoint.process.pid}/status").read()
    memory = int(status.split("VmRSS:")[1].split()[0]) / 1024
    assert memory < 64, f"{memory} MB"
    print(f"      an unread stream leaves tandem-http at {memory:.0f} MB")
    end.close()
    harness.wait_for(home.upstream.abandoned.is_set, "the transfer is closed")


def the_daemon_dies(home):
    endpoint = Endpoint(home)
    stream = endpoint.tcp().chat.completions.create(**ask("slow"), stream=True)
    next(iter(stream))
    home.processes[0].kill()
    try:
        for _ in stream:
            pass
        raise AssertionError("a broken answer ended as if it were whole")
    except openai.APIError as error:
        assert "tandemd" in str(error), error
    home.processes[0].wait()
    home.socket.unlink(missing_ok=True)
    home.start_daemon()
    assert endpoint.tcp().chat.completions.create(**ask("hi")).choices[0].message.content == "echo: hi"


def the_end(home):
    endpoint = Endpoint(home)
    stream = endpoint.tcp().chat.completions.create(**ask("slow"), stream=True)
    next(iter(stream))
    endpoint.process.terminate()
    assert endpoint.process.wait(3) == 0
    assert not endpoint.path.exists()
    assert "tandem-http: listening" in endpoint.log.read_text()


def socket_activation(home):
    """As tandem-http.socket does it: both sockets are the supervisor's."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = home.path / "activated.sock"
    environment = [argument for name, value in home.env.items() for argument in ("-E", f"{name}={value}")]
    command = ["systemd-socket-activate", *environment, "-l", f"127.0.0.1:{port}", "-l", str(path)]
    process = subprocess.Popen(
        [*command, str(harness.BIN / "tandem-http")], env=home.env, stderr=open(home.path / "activate.log", "wb")
    )
    home.processes.append(process)
    harness.wait_for(lambda: harness.can_connect(socket.AF_UNIX, str(path)), "the socket is there")
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as client:
        assert client.get("http://localhost/v1/models").json()["object"] == "list"
    assert httpx.get(f"http://127.0.0.1:{port}/v1/models").status_code == 401
    assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200


def idle_exit(home):
    """A process that systemd started leaves when there is nothing to do, and not before."""
    path = home.path / "idle.sock"
    environment = [argument for name, value in home.env.items() for argument in ("-E", f"{name}={value}")]
    program = [str(harness.BIN / "tandem-http"), "--idle-exit", "200ms"]
    process = subprocess.Popen(
        ["systemd-socket-activate", *environment, "-l", str(path), *program], env=home.env, stderr=subprocess.DEVNULL
    )
    home.processes.append(process)
    harness.wait_for(lambda: harness.can_connect(socket.AF_UNIX, str(path)), "the socket is there")
    body = json.dumps(ask("slow", stream=True))
    command = ["curl", "-sSN", "--unix-socket", str(path), "http://localhost/v1/chat/completions", "-d", body]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as curl:
        start = time.monotonic()
        while time.monotonic() < start + 1:
            assert curl.stdout.readline(), "the stream goes on"
        assert process.poll() is None
        curl.terminate()
    assert process.wait(5) == 0


print(f"openai {openai.__version__}")
tests = [
    whole_and_streamed, tool_calls, models, failures, a_client_that_leaves, the_door, curl, metrics,
    a_slow_reader, the_daemon_dies, socket_activation, idle_exit, the_end,
]
if __name__ == "__main__":
    failed = harness.run(tests, finish=False)
    failed += harness.run([limits], finish=False, config='[limits]\nuser = "1/1h"\n')
    failed += harness.run([workflows], finish=False, config=WORKFLOWS)
    failed += harness.run([many_streams], finish=False, provider="max_in_flight = 1000\n")
    raise SystemExit(1 if failed else 0)
