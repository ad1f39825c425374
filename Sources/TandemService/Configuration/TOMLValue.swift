import CTOML

/// Where a value stands: an index into the list of files that were read, line and column from 1.
struct SourcePosition: Hashable, Sendable {
    var file: Int
    var line: Int
    var column: Int
}

/// One TOML value with its place in the source.
struct TOMLValue: Sendable {
    enum Content: Sendable {
        case string(String)
        case integer(Int64)
        case float(Double)
        case bool(Bool)
        case dateTime
        case array([TOMLValue])
        case table(TOMLTable)
    }

    var content: Content
    var position: SourcePosition

    /// The type with its article, for "expected …, found …".
    var typeName: String {
        switch content {
        case .string: "a string"
        case .integer: "an integer"
        case .float: "a number"
        case .bool: "a boolean"
        case .dateTime: "a date or time"
        case .array: "an array"
        case .table: "a table"
        }
    }
}

/// A table whose members keep the order of the source.
struct TOMLTable: Sendable {
    struct Member: Sendable {
        var key: String
        var position: SourcePosition
        var value: TOMLValue
    }

    private(set) var members: [Member] = []
    private var indices: [String: Int] = [:]

    subscript(_ key: String) -> Member? { indices[key].map { members[$0] } }

    /// Adds a member, or puts it in the place of the one of that name.
    mutating func set(_ member: Member) {
        if let index = indices[member.key] {
            members[index] = member
        } else {
            indices[member.key] = members.count
            members.append(member)
        }
    }

    /// Lays `other` over this table: tables merge deeply, every other later value wins.
    mutating func merge(_ other: TOMLTable) {
        for member in other.members {
            guard case .table(let later) = member.value.content, let index = indices[member.key],
                case .table(var mine) = members[index].value.content,
                !(mine.isKeySource && later.isKeySource)
            else {
                set(member)
                continue
            }
            mine.merge(later)
            members[index].value.content = .table(mine)
        }
    }

    /// A table such as `{ env = "X" }` names one place and is replaced whole: merged, it would name two.
    private var isKeySource: Bool {
        !members.isEmpty && members.allSatisfy { KeySource.Form(rawValue: $0.key) != nil }
    }
}

/// Reads one document. A syntax error does not end it: the section that holds the error is left out and the rest is
/// read, so that all errors are told at once.
struct TOMLParser {
    struct SyntaxError: Hashable, Sendable {
        var line: Int
        var column: Int
        var message: String
    }

    /// Syntax errors told per file; a file with more is not worth reading on.
    static let syntaxErrorLimit = 20

    private(set) var table = TOMLTable()
    private(set) var errors: [SyntaxError] = []

    init(_ source: [UInt8], file: Int) {
        var bytes = source
        while errors.count < Self.syntaxErrorLimit {
            switch Self.parse(bytes, file: file) {
            case .success(let table):
                self.table = table
                return
            case .failure(let error):
                if errors.last.map({ error.line <= $0.line }) ?? false { return }
                errors.append(error)
                Self.blankSection(around: error.line, of: &bytes)
            }
        }
    }

    private enum Outcome {
        case success(TOMLTable)
        case failure(SyntaxError)
    }

    private static func parse(_ bytes: [UInt8], file: Int) -> Outcome {
        let document = bytes.withUnsafeBytes {
            ctoml_parse($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
        guard let document else { return .failure(SyntaxError(line: 1, column: 1, message: "out of memory")) }
        defer { ctoml_free(document) }
        var line: UInt32 = 0
        var column: UInt32 = 0
        if let message = ctoml_error(document, &line, &column) {
            let text = String(cString: message)
            return .failure(SyntaxError(line: max(1, Int(line)), column: max(1, Int(column)), message: text))
        }
        var count = 0
        let nodes = UnsafeBufferPointer(start: ctoml_nodes(document, &count), count: count)
        var next = 0
        guard count > 0, case .table(let table) = value(nodes, &next, file: file).content else {
            return .success(TOMLTable())
        }
        return .success(table)
    }

    private static func value(_ nodes: UnsafeBufferPointer<ctoml_node>, _ next: inout Int, file: Int) -> TOMLValue {
        let node = nodes[next]
        next += 1
        let position = SourcePosition(file: file, line: Int(node.line), column: Int(node.column))
        let content: TOMLValue.Content
        switch Int(node.kind) {
        case CTOML_TABLE:
            var table = TOMLTable()
            for _ in 0..<node.children {
                let member = nodes[next]
                let key = text(member.key, member.key_length)
                let place = SourcePosition(file: file, line: Int(member.key_line), column: Int(member.key_column))
                table.set(.init(key: key, position: place, value: value(nodes, &next, file: file)))
            }
            content = .table(table)
        case CTOML_ARRAY:
            content = .array((0..<node.children).map { _ in value(nodes, &next, file: file) })
        case CTOML_STRING: content = .string(text(node.text, node.text_length))
        case CTOML_INTEGER: content = .integer(node.integer)
        case CTOML_FLOAT: content = .float(node.real)
        case CTOML_BOOLEAN: content = .bool(node.integer != 0)
        default: content = .dateTime
        }
        return TOMLValue(content: content, position: position)
    }

    private static func text(_ start: UnsafePointer<CChar>?, _ length: Int) -> String {
        let bytes = UnsafeRawBufferPointer(start: start, count: length)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Overwrites with spaces from the header above the line up to the next header below it. An error in a header
    /// may come from an array left open above it, so the section above goes as well.
    private static func blankSection(around line: Int, of bytes: inout [UInt8]) {
        var starts = [0]
        for (index, byte) in bytes.enumerated() where byte == 0x0A { starts.append(index + 1) }
        func isHeader(_ index: Int) -> Bool {
            bytes[starts[index]...].first { $0 != 0x20 && $0 != 0x09 } == UInt8(ascii: "[")
        }
        let error = min(line, starts.count) - 1
        var first = error
        while first > 0 {
            first -= 1
            if isHeader(first) { break }
        }
        var end = error + 1
        while end < starts.count, !isHeader(end) { end += 1 }
        let stop = end < starts.count ? starts[end] : bytes.count
        for index in starts[first]..<stop where bytes[index] != 0x0A { bytes[index] = 0x20 }
    }
}
