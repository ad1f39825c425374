extension Command {
    static let acp = Command(
        name: "acp", summary: "speak the Agent Client Protocol, for Zed, JetBrains, Emacs and Neovim",
        details: """
            Speaks the protocol's version 1 on stdin and stdout. Three modes: ask answers, plan shows edits, edit makes
            them, each file with your permission. Commands: /plan, /execute, /escalate, /undo, /model, /stats.
            TANDEM_LOG=1 makes it tell on stderr what it does.
            """,
        examples: [Example("tandem acp", "is what an editor's list of agents starts")]
    ) { (invocation) throws(Failure) in
        try invocation.runAdapter("acp", AsyncTranslation { ACPServer(log: AdapterLog(name: "tandem acp")) })
    }
}
