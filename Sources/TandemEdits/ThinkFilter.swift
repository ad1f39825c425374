/// Takes `<think>…</think>` (and `<thinking>`) before an answer out of its stream, however it is cut.
struct ThinkFilter: Sendable {
    enum Part: Sendable {
        case text([UInt8])
        /// A closing tag without an opening one: what came before it is a trace whose beginning the server's template
        /// wrote, or it is the answer's own text. Where it stands decides.
        case closingTag([UInt8])
    }

    private static let tags: [(bytes: [UInt8], opens: Bool)] = [
        (Array("<think>".utf8), true), (Array("<thinking>".utf8), true), (Array("</think>".utf8), false),
        (Array("</thinking>".utf8), false),
    ]

    private var held: [UInt8] = []
    private var inside = false
    /// A trace stands at the beginning; later tags are text (a plan may edit a file that holds them).
    private var sawText = false
    private var sawTrace = false

    mutating func feed(_ bytes: [UInt8]) -> [Part] {
        var parts: [Part] = []
        var text: [UInt8] = []
        for byte in bytes {
            if held.isEmpty, byte != UInt8(ascii: "<") {
                pass(byte, &text)
                continue
            }
            held.append(byte)
            if let tag = Self.tags.first(where: { $0.bytes == held }) {
                take(tag.opens, &text, &parts)
                continue
            }
            while !held.isEmpty, !Self.tags.contains(where: { $0.bytes.starts(with: held) }) {
                pass(held.removeFirst(), &text)
            }
        }
        if !text.isEmpty { parts.append(.text(text)) }
        return parts
    }

    /// What was held back.
    mutating func finish() -> [UInt8] {
        defer { held = [] }
        return inside ? [] : held
    }

    private mutating func pass(_ byte: UInt8, _ text: inout [UInt8]) {
        guard !inside else { return }
        text.append(byte)
        if !sawText, !isBlank(byte), byte != 0x0A, byte != 0x0D { sawText = true }
    }

    private mutating func take(_ opens: Bool, _ text: inout [UInt8], _ parts: inout [Part]) {
        defer { held = [] }
        if opens, !inside, !sawText {
            inside = true
        } else if !opens, inside {
            inside = false
            sawTrace = true
        } else if !opens, !sawTrace {
            if !text.isEmpty { parts.append(.text(text)) }
            text = []
            parts.append(.closingTag(held))
        } else if !inside {
            text += held
            sawText = true
        }
    }
}
