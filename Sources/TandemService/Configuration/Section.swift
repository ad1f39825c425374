import TandemBase

/// What every reader of a part of the configuration writes its findings to.
final class FaultLog {
    /// Faults that get a suggestion: finding one compares with every name, and a broken file may have thousands.
    static let suggestionLimit = 50

    let files: [String]
    private(set) var faults: [ConfigurationFault] = []
    private(set) var warnings: [ConfigurationFault] = []
    /// A part of the source could not be read: what seems to be missing may stand there, so it is no fault.
    var isIncomplete = false

    init(files: [String]) { self.files = files }

    func fault(
        _ position: SourcePosition?, _ key: String, _ message: String, suggestion: @autoclosure () -> String? = nil
    ) {
        let suggestion = faults.count < Self.suggestionLimit ? suggestion() : nil
        faults.append(place(position, key, message, suggestion))
    }

    func warn(_ position: SourcePosition?, _ key: String, _ message: String) {
        warnings.append(place(position, key, message, nil))
    }

    /// A fault of something that is not there.
    func missing(
        _ position: SourcePosition?, _ key: String, _ message: String, suggestion: @autoclosure () -> String? = nil
    ) {
        if !isIncomplete { fault(position, key, message, suggestion: suggestion()) }
    }

    func place(
        _ position: SourcePosition?, _ key: String, _ message: String, _ suggestion: String?
    ) -> ConfigurationFault {
        ConfigurationFault(
            file: position.map { files[$0.file] } ?? "environment", line: position?.line ?? 0,
            column: position?.column ?? 0, key: key, message: message, suggestion: suggestion)
    }
}

/// A table while it is read. Every getter notes the key it asks for, so what was never asked for is unknown.
/// A getter gives nil where the key is absent or its value was a fault, `choice` then what was probably meant.
struct Section {
    let path: String
    let position: SourcePosition
    let log: FaultLog
    private let table: TOMLTable
    private var known: [String] = []

    private init(_ table: TOMLTable, path: String, position: SourcePosition, log: FaultLog) {
        self.table = table
        self.path = path
        self.position = position
        self.log = log
    }

    /// Lends the table to `body`, then tells the keys that it did not ask for.
    static func read<Result>(
        _ table: TOMLTable, path: String, position: SourcePosition, log: FaultLog, _ body: (inout Section) -> Result
    ) -> Result {
        var section = Section(table, path: path, position: position, log: log)
        let result = body(&section)
        for member in table.members where !section.known.contains(member.key) {
            log.fault(
                member.position, section.path(of: member.key), "unknown key",
                suggestion: nearestName(to: member.key, among: section.known))
        }
        return result
    }

    func path(of key: String) -> String {
        let isBare =
            !key.isEmpty
            && key.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                    || Character(UnicodeScalar(byte)).isLetter && byte < 0x80
                    || byte >= 0x30 && byte <= 0x39
            }
        let name = isBare ? key : "\"\(key)\""
        return path.isEmpty ? name : "\(path).\(name)"
    }

    /// The value as it stands; for types that only one reader knows.
    mutating func value(_ key: String) -> TOMLValue? {
        known.append(key)
        return table[key]?.value
    }

    /// Where nobody can say which keys belong.
    mutating func acceptEverything() { known += table.members.map(\.key) }

    func fault(_ key: String, _ message: String, suggestion: @autoclosure () -> String? = nil) {
        log.fault(table[key]?.value.position ?? position, path(of: key), message, suggestion: suggestion())
    }

    /// Where the key's value stands, else the table itself.
    func position(of key: String) -> SourcePosition { table[key]?.value.position ?? position }

    // MARK: Scalars

    mutating func string(_ key: String) -> String? {
        guard let value = value(key) else { return nil }
        guard case .string(let text) = value.content else { return wrong(key, value, "a string") }
        return text
    }

    /// A string that is not empty.
    mutating func name(_ key: String) -> String? {
        guard let text = string(key) else { return nil }
        guard !text.isEmpty else { return wrong(key, "expected a name, found an empty string") }
        return text
    }

    mutating func requiredName(_ key: String) -> String? {
        if value(key) == nil { log.missing(position, path(of: key), "missing; expected a name") }
        return name(key)
    }

    mutating func bool(_ key: String) -> Bool? {
        guard let value = value(key) else { return nil }
        guard case .bool(let flag) = value.content else { return wrong(key, value, "true or false") }
        return flag
    }

    /// A whole number of at least one.
    mutating func count(_ key: String) -> Int? {
        guard let value = value(key) else { return nil }
        guard case .integer(let number) = value.content else { return wrong(key, value, "a whole number") }
        guard number >= 1 else { return wrong(key, "expected a whole number of at least 1") }
        return Int(number)
    }

    /// A finite number within `range`.
    mutating func number(_ key: String, in range: ClosedRange<Double>, expected: String) -> Double? {
        guard let value = value(key) else { return nil }
        let number: Double
        switch value.content {
        case .integer(let whole): number = Double(whole)
        case .float(let real): number = real
        default: return wrong(key, value, expected)
        }
        guard number.isFinite, range.contains(number) else { return wrong(key, "expected \(expected)") }
        return number
    }

    mutating func share(_ key: String) -> Double? { number(key, in: 0...1, expected: "a number from 0 to 1") }

    mutating func amount(_ key: String, expected: String) -> Double? {
        number(key, in: 0...Double.greatestFiniteMagnitude, expected: expected)
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _ what: String, of type: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        guard let text = string(key) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let names = Choice.allCases.map(\.rawValue)
        let nearest = nearestName(to: text, among: names)
        fault(key, "unknown \(what) \(shown(text)); expected \(names.joined(separator: ", "))", suggestion: nearest)
        // Read on as what was probably meant: what else is wrong is told at once.
        return nearest.flatMap { Choice(rawValue: $0) }
    }

    // MARK: Quantities

    /// More than zero.
    mutating func duration(_ key: String) -> TimeSpan? {
        guard let span = anyDuration(key) else { return nil }
        guard span > .zero else { return wrong(key, "expected a duration of more than zero") }
        return span
    }

    /// Zero included.
    mutating func anyDuration(_ key: String) -> TimeSpan? {
        let expected = "a duration such as \"300ms\", \"2s\", \"5m\", \"1h\" or \"30d\""
        guard let value = value(key) else { return nil }
        guard case .string(let text) = value.content else { return wrong(key, value, expected) }
        guard let span = parseDuration(text) else { return wrong(key, "expected \(expected)") }
        return span
    }

    /// The outer nil: absent or a fault; the inner: "none".
    mutating func rateOrNone(_ key: String) -> Rate?? {
        let expected = "a rate such as \"30/1m\", or \"none\""
        guard let value = value(key) else { return nil }
        guard case .string(let text) = value.content else { return wrong(key, value, expected) }
        if text == "none" { return .some(nil) }
        guard let rate = Rate(text) else { return wrong(key, "expected \(expected)") }
        return .some(rate)
    }

    /// Bytes, at least one.
    mutating func size(_ key: String) -> Int? {
        let expected = "a size such as \"8MiB\""
        guard let value = value(key) else { return nil }
        guard case .string(let text) = value.content else { return wrong(key, value, expected) }
        guard let bytes = parseByteSize(text), bytes >= 1 else { return wrong(key, "expected \(expected)") }
        return bytes
    }

    // MARK: Lists and tables

    mutating func strings(_ key: String) -> [String]? {
        guard let value = value(key) else { return nil }
        guard case .array(let elements) = value.content else { return wrong(key, value, "an array of strings") }
        var strings: [String] = []
        for element in elements {
            guard case .string(let text) = element.content, !text.isEmpty else {
                log.fault(
                    element.position, path(of: key), "expected strings that are not empty, found \(element.typeName)")
                return nil
            }
            strings.append(text)
        }
        return strings
    }

    /// An argument vector: at least the program's name.
    mutating func command(_ key: String) -> [String]? {
        guard let words = strings(key) else { return nil }
        guard !words.isEmpty else { return wrong(key, "expected a program and its arguments, found an empty array") }
        return words
    }

    mutating func table<Result>(_ key: String, _ body: (inout Section) -> Result) -> Result? {
        guard let value = value(key) else { return nil }
        guard case .table(let table) = value.content else { return wrong(key, value, "a table") }
        return Section.read(table, path: path(of: key), position: value.position, log: log, body)
    }

    /// A table whose keys are names of the user's: `[providers.NAME]`.
    mutating func tables(_ key: String, _ body: (String, inout Section) -> Void) {
        guard let value = value(key) else { return }
        guard case .table(let all) = value.content else {
            fault(key, "expected tables such as [\(path(of: key)).NAME], found \(value.typeName)")
            return
        }
        let parent = Section(all, path: path(of: key), position: value.position, log: log)
        for member in all.members {
            let memberPath = parent.path(of: member.key)
            guard case .table(let table) = member.value.content else {
                log.fault(member.value.position, memberPath, "expected a table, found \(member.value.typeName)")
                continue
            }
            guard !member.key.isEmpty else {
                log.fault(member.position, memberPath, "expected a name that is not empty")
                continue
            }
            Section.read(table, path: memberPath, position: member.position, log: log) { body(member.key, &$0) }
        }
    }

    private func wrong<Value>(_ key: String, _ value: TOMLValue, _ expected: String) -> Value? {
        wrong(key, "expected \(expected), found \(value.typeName)")
    }

    private func wrong<Value>(_ key: String, _ message: String) -> Value? {
        fault(key, message)
        return nil
    }
}

/// A name from the source, quoted and short enough for one line of a message.
func shown(_ name: String) -> String {
    let limit = 64
    let printable = name.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : String($0) }.joined()
    return "\"" + (printable.count > limit ? printable.prefix(limit) + "…" : printable) + "\""
}
