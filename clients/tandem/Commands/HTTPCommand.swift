import TandemClient

extension Command {
    static let http = Command(
        name: "http", summary: "serve an OpenAI-compatible endpoint",
        options: [
            Option(
                "listen", nil, .text("ADDRESS"), "HOST:PORT or the path of a Unix socket (default: 127.0.0.1:4141)",
                repeats: true),
            Option("show-token", nil, nil, "print the bearer token that TCP clients have to send"),
        ],
        details: """
            Serves /v1/models, /v1/chat/completions, /metrics and /healthz for aider, Continue, Open WebUI and the
            openai SDKs until ^C. The token is made at the first start. On a Unix socket none is needed.
            """,
        examples: [
            Example("tandem http", "serves http://127.0.0.1:4141/v1"),
            Example("export OPENAI_API_KEY=$(tandem http --show-token)", "gives the token to clients"),
            Example("tandem http --listen $XDG_RUNTIME_DIR/tandem/http.sock", "serves on a Unix socket"),
        ]
    ) { (invocation) throws(Failure) in
        var arguments = [siblingBinary("tandem-http") ?? "tandem-http"]
        for address in invocation.values("listen") { arguments += ["--listen", address] }
        if invocation.has("show-token") { arguments.append("--show-token") }
        if let socket = invocation.value("socket") { arguments += ["--socket", socket] }
        Programs.become(arguments)
        throw Failure("tandem-http is neither beside this program nor in PATH: install it")
    }
}
