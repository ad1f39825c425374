import Glibc
import TandemBase
import TandemClient
import TandemJSON

extension Option {
    static let root = Option("root", "C", .text("PATH"), "the folder to work on (default: the current one)")
    static let planFiles = Option(
        "file", "f", .text("GLOB"), "show the planner these files, paths or globs below the root; may be repeated",
        repeats: true)
    static let jsonLines = Option("jsonl", nil, nil, "print the events and the result as JSON, one a line")
    static let timeout = Option("timeout", nil, .duration, "give up after this long, for example 90s")
}

extension Command {
    static let plan = Command(
        name: "plan", summary: "have a planner model write an edit plan; changes nothing",
        operands: [
            Operand(name: "PROBLEM", repeats: true, summary: "what is to be done; - or a pipe reads it from stdin")
        ],
        options: [
            .root, .planFiles, Option("model", "m", .text("MODEL"), "the planner (default: the configured one)"),
            Option("context-tokens", nil, .integer(1...Int.max), "how much of the files the planner is shown at most"),
            .timeout, .json, .jsonLines,
        ],
        details: """
            On a terminal the plan is shown as a list; into a pipe or a file it goes as JSON, for review and for
            'tandem apply'. The daemon keeps it for 24 hours under the id that stands on stderr.
            """,
        examples: [
            Example("tandem plan 'rename parse to read_config' > plan.json", "writes the plan to a file"),
            Example("tandem plan -f 'src/*.py' 'fix the crash on an empty list'", "names the files that matter"),
            Example("tandem plan 'add a test' | tandem apply --dry-run -", "shows what the plan would change"),
        ]
    ) { (invocation) throws(Failure) in
        let problem = try problemText(invocation)
        let client = try invocation.connect()
        let place = try EditPlace(invocation, client)
        var params = JSONWriter()
        params.beginObject()
        var own = try OwnFiles(place.root)
        try planningMembers(invocation, problem, place, &own, &params)
        let result = try editCall(client, "plan", &params, invocation, label: "planning")
        if invocation.has("json") || invocation.has("jsonl") {
            try invocation.printJSON(result)
            return .success
        }
        let error = Output.error
        for warning in elements(of: result["warnings"]) {
            Output.complain("tandem plan: \(warning.string ?? "")\n")
        }
        guard let plan = result["plan"] else { throw Failure("tandemd sent no plan; see 'tandem doctor'") }
        if Output.standard.terminal.isTerminal {
            try show(plan)
        } else {
            try Output.standard.write(plan.raw + [0x0A])
        }
        let id = result["plan_id"]?.string ?? ""
        try error.write(dimmed: "\(footer(result))\ncarry it out with: tandem apply \(id)\n")
        return .success
    }
}

/// The problem from the operands, or from stdin.
func problemText(_ invocation: Invocation) throws(Failure) -> String {
    var text = invocation.operands.filter { $0 != "-" }.joined(separator: " ")
    if invocation.operands.contains("-") || (text.isEmpty && isatty(STDIN_FILENO) == 0) {
        let piped = String(decoding: try readInput("stdin", STDIN_FILENO), as: UTF8.self).trimmingNewlines
        text = [text, piped].filter { !$0.isEmpty }.joined(separator: "\n\n")
    }
    guard !text.isEmpty else { throw .usage("PROBLEM is missing") }
    return text
}

/// Where files are read and written: by the daemon, or by this program where the daemon is another user's.
struct EditPlace {
    let root: String
    /// The daemon may not read this user's files.
    let isForeign: Bool

    init(_ invocation: Invocation, _ client: Client) throws(Failure) {
        let wanted = invocation.value("root") ?? "."
        guard let real = realpath(wanted, nil) else { throw Failure("there is no folder \(wanted)") }
        defer { free(real) }
        root = String(cString: real)
        isForeign = client.peer.map { $0.uid != getuid() } ?? false
    }
}

/// What `plan` and `solve` have in common.
func planningMembers(
    _ invocation: Invocation, _ problem: String, _ place: EditPlace, _ own: inout OwnFiles, _ params: inout JSONWriter
) throws(Failure) {
    params.member("problem", problem)
    let files = invocation.values("file")
    if place.isForeign {
        try own.writeDocuments(files.isEmpty ? try own.listed() : files, to: &params)
    } else {
        params.member("root", place.root)
        if !files.isEmpty { params.member("files", files) }
    }
    params.member("model", ifPresent: invocation.value("model"))
    params.member("context_tokens", ifPresent: invocation.integer("context-tokens"))
}

/// Sends what `params` holds so far, closes the object, and shows progress until the result is there.
func editCall(
    _ client: Client, _ method: String, _ params: inout JSONWriter, _ invocation: Invocation, label: String
) throws(Failure) -> JSONValue {
    var view = EditView(invocation, label: label)
    if view.wantsEvents, method != "undo" { params.member("stream", true) }
    let timeout = invocation.duration("timeout")
    if method != "undo" { params.member("timeout_ms", ifPresent: timeout?.wholeMilliseconds) }
    params.endObject()
    let grace = TimeSpan.seconds(2)
    return try Exchange.run(client, method, params.bytes, within: timeout.map { $0 + grace }, view: &view)
}

/// A plan for people.
private func show(_ plan: JSONValue) throws(Failure) {
    let output = Output.standard
    func line(_ text: String) throws(Failure) { try output.write(foreign: Array((text + "\n").utf8)) }
    if let cause = plan["root_cause"]?.string { try line("cause     \(cause)") }
    if let strategy = plan["strategy"]?.string { try line("strategy  \(strategy)") }
    let edits = elements(of: plan["edits"])
    try line("\(edits.count) \(edits.count == 1 ? "edit" : "edits")")
    for (index, edit) in edits.enumerated() {
        try line("")
        try output.write(dimmed: "\(index)  ")
        try line("\(edit["file"]?.string ?? "")  \(edit["type"]?.string ?? "")")
        for (name, mark) in [
            ("find", "-"), ("replace", "+"), ("content", "+"), ("import_line", "+"), ("line_content", "+"),
        ] {
            guard let text = edit[name]?.string else { continue }
            let marked = text.trimmingNewlines.split(separator: "\n", omittingEmptySubsequences: false)
            try DiffText(marked.map { "\(mark)\($0)" }.joined(separator: "\n")).print(to: output)
        }
        if let action = edit["action"]?.string { try line("   \(action)") }
        if let to = edit["to"]?.string { try line("   to \(to)") }
    }
}
