import Glibc

extension Command {
    static let mcp = Command(
        name: "mcp", summary: "serve the Model Context Protocol on stdin and stdout",
        details: """
            Gives VS Code, Cursor, Claude Code and other hosts the tools chat, plan, execute_plan, solve, escalate and
            undo. Speaks the revisions 2024-11-05 to 2025-11-25 and the stateless 2026-07-28. TANDEM_LOG=1 makes it tell
            on stderr what it does.
            """,
        examples: [
            Example("tandem mcp", "is what a host's configuration starts"),
            Example("claude mcp add tandem -- tandem mcp", "adds the tools to Claude Code"),
        ]
    ) { (invocation) throws(Failure) in
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let folder = getcwd(&buffer, buffer.count).map { String(cString: $0) } ?? "/"
        return try invocation.runAdapter("mcp", MCPServer(folder: folder))
    }
}
