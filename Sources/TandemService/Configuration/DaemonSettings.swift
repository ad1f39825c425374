import TandemBase

/// `[limits]`; a rate that is nil is "none".
package struct LimitSettings: Hashable, Sendable {
    /// Per peer uid and `user`.
    package var user: Rate?
    package var global: Rate?
    /// Escalations, counted apart.
    package var reasoningUser: Rate? = Rate(count: 2, period: .seconds(300))
    package var reasoningGlobal: Rate?
    /// The largest message taken in, bytes.
    package var messageBytes = 32 * 1024 * 1024
    /// How long a peer may read nothing before it is closed.
    package var writeStall: TimeSpan = .seconds(30)
    /// What may wait for a slow reader, bytes per connection.
    package var outboundBytes = 8 * 1024 * 1024

    package init() {}
}

/// `[budget]`, USD; nil is no budget.
package struct BudgetSettings: Hashable, Sendable {
    package var dailyUSD: Double?
    package var monthlyUSD: Double?

    package init() {}
}

/// `[daemon]`.
package struct DaemonSettings: Hashable, Sendable {
    package var idleExit: TimeSpan = .minutes(10)
    /// What requests in flight get to finish in at shutdown.
    package var drainTimeout: TimeSpan = .seconds(5)
    package var retainHistory: TimeSpan = .days(90)
    package var retainTransactions: TimeSpan = .days(30)
    /// An absolute path. Defaults to `$STATE_DIRECTORY`, `$XDG_STATE_HOME/tandem`, `~/.local/state/tandem`, or
    /// `~/.config/tandem` where state is there and nowhere else.
    package var stateDirectory = ""

    package init() {}
}

/// `[access]`: who may connect besides the daemon's own user and root, and where plans may be carried out.
package struct AccessSettings: Hashable, Sendable {
    /// Names or decimal uids.
    package var users: [String] = []
    /// Names or decimal gids.
    package var groups: [String] = []
    /// Absolute paths.
    package var roots: [String] = []
    /// `~` is one of them: for a peer whose rights the daemon takes its own home as well.
    package var includesHome = false

    package init() {}
}

/// `[plan]`: models by name; nil is the default model.
package struct PlanSettings: Hashable, Sendable {
    package enum Mode: String, CaseIterable, Hashable, Sendable { case adaptive, hybrid, sequential }

    package var planner: String?
    package var executor: String?
    package var verifier: String?
    package var mode = Mode.adaptive

    package init() {}
}

/// `[verifiers.NAME]`: a program whose exit status judges the tree.
package struct VerifierSettings: Hashable, Sendable {
    package var name: String
    /// Argument vector, no shell.
    package var command: [String]
    package var timeout: TimeSpan = .minutes(2)

    package init(name: String, command: [String]) {
        self.name = name
        self.command = command
    }
}
