"""`tandem http` on raw sockets: what HTTP allows and SDKs never do. Only the standard library."""

import http.client
import json
import socket
import subprocess

import harness


class Endpoint:
    """A running `tandem http` on a Unix socket, which needs no key, and on TCP."""

    def __init__(self, home):
        self.path, log = home.path / "http.sock", home.path / "http.log"
        self.process = home.start(
            "tandem", "http", "--listen", self.path, "--listen", "127.0.0.1:0", stderr=open(log, "wb"))
        harness.wait_for(lambda: log.read_text().count("listening on") == 2, "tandem-http listens")
        self.address = log.read_text().split("http://")[1].split()[0]
        show = [str(harness.BIN / "tandem"), "http", "--show-token"]
        token = subprocess.run(show, env=home.env, capture_output=True, check=True).stdout.decode().strip()
        self.key = {"Authorization": f"Bearer {token}"}

    def unix(self):
        end = socket.socket(socket.AF_UNIX)
        end.settimeout(harness.DEADLINE)
        end.connect(str(self.path))
        return end

    def tcp(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection(self.address, timeout=harness.DEADLINE)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {**self.key, **headers})
        answer = connection.getresponse()
        return answer, answer.read()

    def chat(self, **members):
        answer, body = self.tcp("POST", "/v1/chat/completions", json.dumps(members))
        return answer, json.loads(body)


def ask(text, **more):
    return {"model": "m", "messages": [{"role": "user", "content": text}], **more}


def post(body, *headers, version="1.1", length=True):
    lines = [f"POST /v1/chat/completions HTTP/{version}", "Host: localhost", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def whole(end):
    data = b""
    while piece := end.recv(65536):
        data += piece
    return data


def answers(end, count):
    """So many responses with a length, from one connection."""
    stream = end.makefile("rb")
    found = []
    for _ in range(count):
        status = int(stream.readline().split()[1])
        headers = {}
        while line := stream.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        found.append((status, headers, stream.read(int(headers["content-length"]))))
    return found


def http_1_0(home):
    """Without chunks: the end of the connection is the end of the answer."""
    endpoint = Endpoint(home)
    for stream in (False, True):
        end = endpoint.unix()
        end.sendall(post(json.dumps(ask("words 20", stream=stream)).encode(), version="1.0"))
        head, _, body = whole(end).partition(b"\r\n\r\n")
        assert head.split()[1] == b"200" and b"chunked" not in head.lower(), head
        if stream:
            events = body.decode().split("\n\n")
            assert events[-2:] == ["data: [DONE]", ""] and json.loads(events[0].removeprefix("data: ")), body
        else:
            assert json.loads(body)["choices"][0]["message"]["content"].startswith("w0 w1 ")


def keep_alive_and_pipelining(home):
    endpoint = Endpoint(home)
    end = endpoint.unix()
    for text in ("one", "two"):
        end.sendall(post(json.dumps(ask(text)).encode()))
        [(status, _, body)] = answers(end, 1)
        assert status == 200 and json.loads(body)["choices"][0]["message"]["content"] == f"echo: {text}"
    # An error leaves the connection as it was.
    end.sendall(post(b"{") + post(json.dumps(ask("three")).encode()) + b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
    first, second, third = answers(end, 3)
    assert first[0] == 400 and json.loads(second[2])["choices"][0]["message"]["content"] == "echo: three"
    assert json.loads(third[2])["object"] == "list"


def bodies_in_chunks(home):
    endpoint = Endpoint(home)
    body = json.dumps(ask("x" * 300_000)).encode()
    end = endpoint.unix()
    end.sendall(post(b"", "Transfer-Encoding: chunked", length=False))
    for at in range(0, len(body), 7001):
        piece = body[at : at + 7001]
        end.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
    end.sendall(b"0\r\n\r\n")
    [(status, _, answer)] = answers(end, 1)
    assert status == 200 and len(json.loads(answer)["choices"][0]["message"]["content"]) == 300_006
    # Too large is told when the body is over, chunked or not: 33 MiB without a length.
    end = endpoint.unix()
    end.sendall(post(b"", "Transfer-Encoding: chunked", length=False))
    block = b"%x\r\n%b\r\n" % (1 << 20, b" " * (1 << 20))
    for _ in range(33):
        end.sendall(block)
    end.sendall(b"0\r\n\r\n")
    [(status, _, answer)] = answers(end, 1)
    assert status == 413 and json.loads(answer)["error"]["code"] == "too_large"
    # `Expect: 100-continue`, which curl sends with what is large.
    end = endpoint.unix()
    body = json.dumps(ask("hello")).encode()
    end.sendall(post(body, "Expect: 100-continue")[: -len(body)])
    assert end.recv(65536).startswith(b"HTTP/1.1 100")
    end.sendall(body)
    [(status, _, answer)] = answers(end, 1)
    assert status == 200 and b"echo: hello" in answer


def methods_and_origins(home):
    endpoint = Endpoint(home)
    for path in ("/v1/models", "/healthz", "/metrics"):
        answer, body = endpoint.tcp("HEAD", path)
        assert answer.status == 200 and body == b"" and int(answer.getheader("Content-Length")) > 0, path
    # A preflight is answered like any request: refused, and without a word that lets a page in.
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {}):
        preflight = {"Access_Control_Request_Method": "POST", **headers}
        answer, _ = endpoint.tcp("OPTIONS", "/v1/chat/completions", **preflight)
        assert answer.status == (403 if headers else 405), answer.status
        assert not [name for name, _ in answer.getheaders() if name.lower().startswith("access-control")]
    answer, body = endpoint.tcp("POST", "/v1/chat/completions", json.dumps(ask("x")), Origin="http://evil.example")
    assert answer.status == 403 and json.loads(body)["error"]["code"] == "origin_not_allowed"
    assert not home.upstream.requests, "nothing was asked"
    for method, path, allowed in (
        ("GET", "/v1/chat/completions", "POST"), ("POST", "/v1/models", "GET"), ("DELETE", "/v1/models/m", "GET"),
    ):
        answer, _ = endpoint.tcp(method, path)
        assert answer.status == 405 and answer.getheader("Allow") == allowed, path
    for path in ("/", "/v1", "/v1/completions", "/v1/embeddings", "/v1/models/", "/v2/models"):
        answer, body = endpoint.tcp("GET", path)
        assert answer.status == 404 and json.loads(body)["error"]["message"], path
    answer, _ = endpoint.tcp("GET", "/v1/models?limit=5")
    assert answer.status == 200


def members(home):
    endpoint = Endpoint(home)
    schema = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": {"type": "object"}}}
    passed = {"stop": ["END", "\n"], "response_format": schema, "seed": 3, "reasoning_effort": "low", "top_p": 0.5}
    answer, body = endpoint.chat(**ask("hello", **passed, n=1, logit_bias={"5": 1}, store=True, prompt_cache_key="k",
                                       prompt_cache_retention="24h", service_tier="auto", metadata={"a": "b"}, user="u"))
    assert answer.status == 200, body
    sent = home.upstream.requests[-1]
    for name, value in {**passed, "logit_bias": {"5": 1}}.items():
        assert sent.get(name) == value, (name, sent)
    assert not {"n", "store", "prompt_cache_key", "service_tier"} & set(sent), sent
    # As SDKs write what they leave out.
    answer, body = endpoint.chat(**ask("hello", n=None, stop=None, tools=None, stream=None, stream_options=None))
    assert answer.status == 200, body
    message = {"role": "assistant", "content": "a", "refusal": None, "annotations": [], "audio": None,
               "function_call": None, "tool_calls": None, "reasoning_content": "r"}
    history = [{"role": "user", "content": "q"}, message, {"role": "user", "content": [{"type": "text", "text": "b"}]}]
    answer, body = endpoint.chat(model="m", messages=history)
    assert answer.status == 200 and body["choices"][0]["message"]["content"] == "echo: b", body
    for wrong, param in (
        ({"n": 2}, "n"), ({"stopp": "x"}, "stopp"), ({"stop": 5}, "stop"), ({"response_format": "json"}, "response_format"),
        ({"functions": []}, "functions"), ({"temperature": "hot"}, "temperature"), ({"stream": "yes"}, "stream"),
    ):
        answer, body = endpoint.chat(**ask("hello", **wrong))
        assert answer.status == 400 and body["error"]["param"] == param, (wrong, body)
        assert body["error"]["type"] == "invalid_request_error" and set(body["error"]) == {
            "message", "type", "param", "code"}, body
    answer, body = endpoint.chat(model="m")
    assert answer.status == 400 and body["error"]["param"] == "messages", body


def the_model_breaks_off(home):
    """After the first byte there is no status any more: an error event, and no [DONE]."""
    endpoint = Endpoint(home)
    end = endpoint.unix()
    end.sendall(post(json.dumps(ask("break off", stream=True)).encode(), version="1.0"))
    body = whole(end).partition(b"\r\n\r\n")[2].decode()
    events = [json.loads(event.removeprefix("data: ")) for event in body.split("\n\n") if event.startswith("data: {")]
    assert events[0]["choices"][0]["delta"]["role"] == "assistant" and "[DONE]" not in body, body
    assert events[-1]["error"]["type"] == "server_error" and events[-1]["error"]["code"] == "providers_failed", events[-1]


if __name__ == "__main__":
    harness.run([
        http_1_0, keep_alive_and_pipelining, bodies_in_chunks, methods_and_origins, members, the_model_breaks_off,
    ])
