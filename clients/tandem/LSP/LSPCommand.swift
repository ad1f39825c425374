extension Command {
    static let lsp = Command(
        name: "lsp", summary: "be a language server whose code actions fix, explain and change code",
        details: """
            Speaks the Language Server Protocol on stdin and stdout, beside the language's own server. Code actions:
            fix a diagnostic, explain, apply an instruction; changes go through the editor, which can undo them.
            TANDEM_LOG=1 makes it tell on stderr what it does.
            """,
        examples: [Example("tandem lsp", "is what an editor's configuration starts")]
    ) { (invocation) throws(Failure) in
        try invocation.runAdapter("lsp", AsyncTranslation { LSPServer() })
    }
}
