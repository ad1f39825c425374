/// What the command line is made of. Parsing, help, completions and the manual are all derived from these values.
struct Command: Sendable {
    var name: String
    /// One line without a full stop.
    var summary: String
    var operands: [Operand] = []
    var options: [Option] = []
    /// More than the summary says, in paragraphs.
    var details = ""
    var examples: [Example] = []
    /// Does the work; the value is the exit status.
    var run: @Sendable (Invocation) throws(Failure) -> ExitCode

    /// The options that this command understands, the common ones included.
    var allOptions: [Option] { options + Option.common }

    /// Those that people are told of.
    var shownOptions: [Option] { allOptions.filter { !$0.isHidden } }
}

struct Operand: Sendable {
    var name: String
    var values: Values = .any
    var isRequired = false
    var repeats = false
    var summary = ""

    enum Values: Sendable {
        case any
        case choice([String])
    }
}

struct Option: Sendable {
    var name: String
    var short: Character?
    /// nil for a flag.
    var value: Value?
    var summary: String
    /// Every value counts, not only the last.
    var repeats = false
    /// For the build, not for people: neither help nor completions show it.
    var isHidden = false

    init(
        _ name: String, _ short: Character? = nil, _ value: Value? = nil, _ summary: String, repeats: Bool = false,
        isHidden: Bool = false
    ) {
        self.repeats = repeats
        self.isHidden = isHidden
        self.name = name
        self.short = short
        self.value = value
        self.summary = summary
    }

    enum Value: Sendable {
        case text(String)
        case file
        case choice([String])
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case duration

        /// What help calls it.
        var placeholder: String {
            switch self {
            case .text(let name): name
            case .file: "FILE"
            case .choice(let values): values.joined(separator: "|")
            case .integer: "N"
            case .number: "NUMBER"
            case .duration: "DURATION"
            }
        }
    }

    static let common = [
        Option(
            "socket", nil, .text("PATH"), "where tandemd listens (default: $TANDEM_SOCKET, else it is searched for)"),
        Option("help", "h", nil, "show this help"),
    ]
}

struct Example: Sendable {
    var command: String
    var effect: String

    init(_ command: String, _ effect: String) {
        self.command = command
        self.effect = effect
    }
}

/// The exit statuses of CLIENTS.md.
enum ExitCode: Int32, CaseIterable, Sendable {
    case success = 0
    case failure = 1
    case usage = 2
    case limit = 3
    case provider = 4
    case planConflict = 5
    case interrupted = 130
    /// Nobody reads the output any more; what a shell shows for a program that SIGPIPE ended.
    case brokenPipe = 141

    var meaning: String {
        switch self {
        case .success: "all went well"
        case .failure: "something failed; standard error says what, and what to do"
        case .usage: "the command line is wrong"
        case .limit: "a rate limit or a budget is used up"
        case .provider: "no provider gave an answer"
        case .planConflict: "a plan does not fit the files as they are now; nothing was changed"
        case .interrupted: "interrupted; the request was cancelled"
        case .brokenPipe: "nobody reads the output any more"
        }
    }
}
