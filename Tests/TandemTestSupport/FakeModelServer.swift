import Glibc

/// A program that behaves like llama.cpp's server as far as we look: `/health`, chat completions, an exit. It notes
/// its process identifier in a file when it starts, a line each, and what it was asked beside it.
package struct FakeModelServer: Sendable {
    /// The command up to its options; `{port}` or `{socket}` is to be filled in by whoever starts it.
    package let command: [String]
    private let notes: String

    /// Options: `--load SECONDS` until it is healthy, `--exit CODE` at once, `--crash` at a streamed chat, `--hang` in
    /// one, `--ignore-term`, `--child` to have one of its own.
    package init(_ home: TemporaryHome, name: String = "server", options: [String] = [], listens: String? = nil) throws
    {
        let program = try home.write("\(name).py", Self.program, mode: 0o700)
        notes = try home.write("\(name).pids", "")
        let address = listens.map { [$0, $0 == "--port" ? "{port}" : "{socket}"] } ?? ["--port", "{port}"]
        command = ["/usr/bin/python3", program, "--model", "{model_path}", "--notes", notes] + address + options
    }

    /// The processes started so far, oldest first; with `--child` each line holds its child, too.
    package var starts: [[pid_t]] {
        let text = (try? readFile(notes)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").map { $0.split(separator: " ").compactMap { pid_t($0) } }
    }

    /// Whether a process is there and is no zombie.
    package static func isAlive(_ pid: pid_t) -> Bool {
        guard let status = try? readFile("/proc/\(pid)/stat") else { return false }
        let text = String(decoding: status, as: UTF8.self)
        return text.split(separator: ")").last?.split(separator: " ").first != "Z"
    }

    private static let program = #"""
        import argparse, json, os, signal, socket, subprocess, sys, time
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        parser = argparse.ArgumentParser()
        for name in ("model", "notes", "port", "socket", "load", "exit"):
            parser.add_argument("--" + name)
        for name in ("crash", "hang", "ignore-term", "child"):
            parser.add_argument("--" + name, action="store_true")
        options = parser.parse_args()
        if options.ignore_term:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pids = [os.getpid()]
        if options.child:
            pids.append(subprocess.Popen(["/bin/sleep", "1000"]).pid)
        with open(options.notes, "a") as notes:
            notes.write(" ".join(map(str, pids)) + "\n")
        print("loading", options.model, flush=True)
        if options.exit:
            print("cannot load", options.model, file=sys.stderr, flush=True)
            sys.exit(int(options.exit))
        healthy = time.monotonic() + float(options.load or 0)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def address_string(self):
                return "local"

            def answer(self, status, body, kind="application/json"):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                ready = time.monotonic() >= healthy
                self.answer(200 if ready else 503, b'{"status":"ok"}')

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if time.monotonic() < healthy:
                    return self.answer(503, b'{"error":{"code":503,"message":"Loading model"}}')
                usage = {"prompt_tokens": 3, "completion_tokens": 2}
                name = os.path.basename(options.model or "")
                if not body.get("stream"):
                    message = {"role": "assistant", "content": "I am " + name}
                    choice = {"index": 0, "message": message, "finish_reason": "length"}
                    return self.answer(200, json.dumps({"choices": [choice], "usage": usage}).encode())
                if options.crash:
                    os._exit(139)
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                for piece in ("I am ", name):
                    delta = {"choices": [{"index": 0, "delta": {"content": piece}}]}
                    self.wfile.write(f"data: {json.dumps(delta)}\n\n".encode())
                    self.wfile.flush()
                while options.hang:
                    time.sleep(0.02)
                    self.wfile.write(b": waiting\n\n")
                    self.wfile.flush()
                last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": usage}
                self.wfile.write(f"data: {json.dumps(last)}\n\ndata: [DONE]\n\n".encode())
                self.close_connection = True

        class UnixServer(ThreadingHTTPServer):
            address_family = socket.AF_UNIX

            def server_bind(self):
                self.socket.bind(self.server_address)
                self.server_name, self.server_port = "local", 0

        if options.socket:
            server = UnixServer(options.socket, Handler)
        else:
            server = ThreadingHTTPServer(("127.0.0.1", int(options.port)), Handler)
        server.daemon_threads = True
        server.serve_forever()
        """#
}
