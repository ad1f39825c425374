extension Command {
    static let stdio = Command(
        name: "stdio", summary: "speak raw JSON-RPC on stdin and stdout, for editors",
        details: """
            Passes messages on between an editor and the daemon, in whichever framing the editor begins with: one
            message a line, or Content-Length headers. Answers initialize, shutdown and exit itself. TANDEM_LOG=1 makes
            it tell on stderr what it does.
            """,
        examples: [Example("tandem stdio", "is what an editor's configuration starts")]
    ) { (invocation) throws(Failure) in try invocation.runAdapter("stdio", Relay()) }
}
