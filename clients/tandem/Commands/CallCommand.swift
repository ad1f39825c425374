import Glibc
import TandemJSON
import TandemProtocol

extension Command {
    static let call = Command(
        name: "call", summary: "call any method of the daemon, for scripts",
        operands: [
            Operand(name: "METHOD", isRequired: true, summary: "a method of the protocol, such as ping or status"),
            Operand(name: "JSON", summary: "its params, an object; - reads them from stdin"),
        ],
        options: [
            Option("stream", nil, nil, "ask for events and print them too, one a line, before the result"),
            Option("timeout", nil, .duration, "give up after this long (default: never)"),
        ],
        details: "The result is printed as one line of JSON; an error goes to stderr, as JSON too.",
        examples: [
            Example("tandem call ping", "prints {} when the daemon answers"),
            Example("tandem call rpc.discover | jq -r '.methods[].name'", "lists the methods"),
            Example("tandem call setProvider '{\"provider\":\"groq\",\"enabled\":false}'", "switches a provider off"),
        ]
    ) { (invocation) throws(Failure) in
        let params = try callParams(invocation)
        let client = try invocation.connect()
        var view = EventLines(isEnabled: invocation.has("stream"))
        do throws(Failure) {
            let result = try Exchange.run(
                client, invocation.operands[0], params, within: invocation.duration("timeout"), view: &view)
            try invocation.printJSON(result)
        } catch {
            guard let cause = error.cause else { throw error }
            var writer = JSONWriter()
            writer.error(cause)
            try Output.error.write(foreign: writer.bytes + [UInt8(ascii: "\n")])
            throw Failure(error.code, nil)
        }
        return .success
    }
}

/// Events as they come, one a line on stdout.
struct EventLines: ExchangeView {
    let isEnabled: Bool

    mutating func event(_ event: JSONValue) throws(Failure) {
        if isEnabled { try Output.standard.write(foreign: event.raw + [UInt8(ascii: "\n")]) }
    }
}

private func callParams(_ invocation: Invocation) throws(Failure) -> [UInt8]? {
    var text: [UInt8]?
    if invocation.operands.count > 1 {
        text = invocation.operands[1] == "-" ? try readInput("stdin", STDIN_FILENO) : Array(invocation.operands[1].utf8)
    }
    var writer = JSONWriter()
    writer.beginObject()
    if let text {
        let value: JSONValue
        do {
            value = try JSONDocument(text).root
        } catch {
            throw .usage("the params are not JSON: byte \(error.offset): \(error.reason)")
        }
        guard value.kind == .object else { throw .usage("the params are not an object") }
        guard invocation.has("stream") else { return text }
        for (name, member) in value.members where name != "stream" {
            writer.key(name)
            writer.raw(member.raw)
        }
    } else if !invocation.has("stream") {
        return nil
    }
    writer.member("stream", true)
    writer.endObject()
    return writer.bytes
}
