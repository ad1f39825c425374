// What the manual says of the surroundings; the commands speak for themselves.
extension Help {
    static let environment = [
        ("TANDEM_SOCKET", "where tandemd listens, instead of searching"),
        ("TANDEM_CONFIG", "the configuration file, instead of the usual ones"),
        ("TANDEM_LOG", "makes the adapters for editors log on standard error; they are silent else"),
        ("XDG_RUNTIME_DIR", "its tandem/tandem.sock is the socket of the user's own daemon"),
        ("XDG_CONFIG_HOME, XDG_STATE_HOME", "where tandem/ with the configuration and with the state are"),
        ("NO_COLOR", "no colours when it is set"),
        ("VISUAL, EDITOR", "the editor of 'tandem config edit'"),
    ]

    static let configurationFiles = [
        ("~/.config/tandem/tandem.toml", "of a user's own daemon"),
        ("/etc/tandem/tandem.toml", "where the user has none, and of the system's daemon"),
    ]

    static let files =
        configurationFiles + [
            ("$XDG_RUNTIME_DIR/tandem/tandem.sock", "the socket of the user's own daemon"),
            ("/run/tandem/tandem.sock", "the socket of the system's daemon"),
            ("~/.local/state/tandem/tandem.db", "the ledger of requests, conversations and plans (SQLite)"),
            ("~/.local/state/tandem/tandemd.log", "the log of a daemon that tandem started without systemd"),
            ("~/.local/state/tandem/chat_history", "what was typed at the prompt of 'tandem chat'"),
        ]
}
