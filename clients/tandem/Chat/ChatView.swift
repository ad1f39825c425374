import Glibc
import TandemBase
import TandemJSON

/// How one answer is shown. stdout gets the answer; everything else goes to stderr, and only where it is a terminal
/// (or `--verbose` asks for the footer).
struct ChatView: ExchangeView {
    private enum Format { case text, json, jsonLines }

    /// What the terminal shows last, for the line breaks between reasoning and answer.
    private enum Showing { case nothing, reasoning, content }

    private let format: Format
    private let isVerbose: Bool
    private let output = Output.standard
    private let error = Output.error
    /// The answer is written as it comes: only to a terminal, since a `reset` cannot take back what a pipe has got.
    private let isLive: Bool
    let wantsEvents: Bool

    private var spinner: Spinner
    private var showing = Showing.nothing
    private var lastByte: UInt8 = 0x0A
    private var hasShownContent = false
    private var shownNotices: [String] = []

    init(_ invocation: Invocation) {
        let streams = !invocation.has("no-stream")
        format = invocation.has("jsonl") ? .jsonLines : invocation.has("json") ? .json : .text
        isVerbose = invocation.has("verbose")
        isLive = format == .text && streams && output.terminal.isTerminal
        wantsEvents = format == .jsonLines || (streams && (isLive || error.terminal.isTerminal))
        spinner = Spinner(error, label: invocation.value("model") ?? "tandem", enabled: true, now: .now())
    }

    mutating func event(_ event: JSONValue) throws(Failure) {
        if format == .jsonLines {
            spinner.hide()
            return try output.write(foreign: event.raw + [0x0A])
        }
        switch event["type"]?.string {
        case "started": spinner.label = event["model"]?.string ?? spinner.label
        case "step":
            let role = event["role"]?.string ?? ""
            spinner.label = (role.isEmpty || role == "direct" ? "" : role + ": ") + (event["model"]?.string ?? "")
        case "reasoning": try write(reasoning: event["text"]?.utf8 ?? [])
        case "content": if isLive { try write(content: event["text"]?.utf8 ?? []) }
        case "notice": try write(notice: event)
        case "reset": try reset(event["reason"]?.string ?? "")
        default: break
        }
    }

    func nextTick(_ now: MonotonicTime) -> MonotonicTime? { showing == .nothing ? spinner.due(now) : nil }

    mutating func tick(_ now: MonotonicTime) { if showing == .nothing { spinner.show(now) } }

    mutating func finish() {
        spinner.hide()
        // A cancelled answer ends in the middle of a line.
        if showing != .nothing { try? endLine(of: showing == .content ? output : error) }
    }

    /// The end of a request that went well.
    mutating func show(_ result: JSONValue) throws(Failure) {
        switch format {
        case .json, .jsonLines: try output.write(foreign: result.raw + [0x0A])
        case .text:
            if !hasShownContent { try write(content: result["content"]?.utf8 ?? []) }
            try endLine(of: showing == .reasoning ? error : output)
        }
        guard isVerbose || error.terminal.isTerminal else { return }
        for notice in elements(of: result["notices"]) { try write(notice: notice) }
        try error.write(dimmed: footer(result))
        try error.write("\n")
    }

    private mutating func write(content text: [UInt8]) throws(Failure) {
        guard let last = text.last else { return }
        spinner.hide()
        if showing == .reasoning { try endLine(of: error) }
        showing = .content
        hasShownContent = true
        lastByte = last
        try output.write(foreign: text)
    }

    private mutating func write(reasoning text: [UInt8]) throws(Failure) {
        guard isLive, error.terminal.isTerminal, let last = text.last else { return }
        spinner.hide()
        if showing == .content { try endLine(of: output) }
        showing = .reasoning
        lastByte = last
        try error.write(dimmed: String(decoding: text, as: UTF8.self))
    }

    /// Says once what a person should see.
    private mutating func write(notice: JSONValue) throws(Failure) {
        guard isVerbose || error.terminal.isTerminal, let message = notice["message"]?.string,
            !shownNotices.contains(message)
        else { return }
        shownNotices.append(message)
        try write(aside: message)
    }

    private mutating func reset(_ reason: String) throws(Failure) {
        guard isLive, hasShownContent else { return }
        hasShownContent = false
        try write(aside: "\(reason.isEmpty ? "another model" : reason): the answer starts over")
    }

    private mutating func write(aside text: String) throws(Failure) {
        spinner.hide()
        if showing != .nothing { try endLine(of: showing == .content ? output : error) }
        try error.write(dimmed: brokenLines("[\(text)]", columns: error.terminal.columns))
        try error.write("\n")
    }

    private mutating func endLine(of stream: Output) throws(Failure) {
        if lastByte != 0x0A { try stream.write("\n") }
        lastByte = 0x0A
    }
}

/// "deepseek-r1 + qwen-coder · 120 in, 450 out · $0.0012 · 2.3 s · cached".
func footer(_ result: JSONValue) -> String {
    var models: [String] = []
    for step in elements(of: result["steps"]) where step["status"]?.string == "ok" {
        if let model = step["model"]?.string, !models.contains(model) { models.append(model) }
    }
    let name = result["model"]?.string ?? ""
    let joined = models.joined(separator: " + ")
    var parts = [models.isEmpty || models == [name] ? name : name.isEmpty ? joined : "\(name) (\(joined))"]
    if let usage = result["usage"], let input = usage["prompt_tokens"]?.int,
        let output = usage["completion_tokens"]?.int
    {
        let about = usage["estimated"]?.bool == true ? "about " : ""
        parts.append("\(about)\(humanCount(input)) in, \(humanCount(output)) out")
    }
    if let cost = result["cost_usd"]?.double { parts.append(humanCost(cost)) }
    if let time = result["latency_ms"]?.double { parts.append(humanDuration(milliseconds: time)) }
    for flag in ["cached", "escalated", "polished", "fallback"] where result[flag]?.bool == true { parts.append(flag) }
    switch result["finish_reason"]?.string {
    case "length": parts.append("cut off at the token limit")
    case "content_filter": parts.append("stopped by the provider's filter")
    case "tool_calls": parts.append("stopped for tool calls (see --json)")
    default: break
    }
    return parts.joined(separator: Terminal.hasUnicode ? " · " : ", ")
}
