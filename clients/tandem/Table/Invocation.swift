import TandemBase

/// One command with what the user gave it.
struct Invocation: Sendable {
    let command: Command
    private(set) var operands: [String] = []
    private var given: [(name: String, value: String)] = []

    /// Reads the arguments after the command's name. Options may stand anywhere; `--` ends them.
    init(_ command: Command, _ arguments: some Sequence<String>) throws(Failure) {
        self.command = command
        var rest = Array(arguments)[...]
        var onlyOperands = false
        while let argument = rest.popFirst() {
            if onlyOperands || argument == "-" || !argument.hasPrefix("-") {
                operands.append(argument)
            } else if argument == "--" {
                onlyOperands = true
            } else if argument.hasPrefix("--") {
                try readLong(argument.dropFirst(2), &rest)
            } else {
                try readShort(argument.dropFirst(), &rest)
            }
        }
        if !has("help") { try checkOperands() }
    }

    func has(_ name: String) -> Bool { given.contains { $0.name == name } }

    /// The last value given for an option.
    func value(_ name: String) -> String? { given.last { $0.name == name }?.value }

    func values(_ name: String) -> [String] { given.filter { $0.name == name }.map(\.value) }

    func integer(_ name: String) -> Int? { value(name).flatMap { Int($0) } }

    func number(_ name: String) -> Double? { value(name).flatMap { Double($0) } }

    func duration(_ name: String) -> TimeSpan? { value(name).flatMap { parseDuration($0) } }

    /// As if it had been given on the command line, last.
    mutating func set(_ name: String, _ value: String) { given.append((name, value)) }

    private mutating func readLong(_ text: Substring, _ rest: inout ArraySlice<String>) throws(Failure) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        guard let option = command.allOptions.first(where: { $0.name == name }) else {
            let near = nearestName(to: name, among: command.allOptions.map(\.name))
            throw .usage("unknown option --\(name)" + (near.map { ", did you mean --\($0)?" } ?? ""))
        }
        if option.value == nil {
            guard parts.count == 1 else { throw .usage("option --\(name) takes no value") }
            given.append((name, ""))
        } else if parts.count == 2 {
            try take(option, String(parts[1]))
        } else {
            guard let value = rest.popFirst() else { throw .usage("option --\(name) needs a value") }
            try take(option, value)
        }
    }

    private mutating func readShort(_ bundle: Substring, _ rest: inout ArraySlice<String>) throws(Failure) {
        var letters = bundle
        while let letter = letters.popFirst() {
            guard let option = command.allOptions.first(where: { $0.short == letter }) else {
                throw .usage("unknown option -\(letter)")
            }
            if option.value == nil {
                given.append((option.name, ""))
                continue
            }
            if !letters.isEmpty { return try take(option, String(letters)) }
            guard let value = rest.popFirst() else { throw .usage("option -\(letter) needs a value") }
            return try take(option, value)
        }
    }

    private mutating func take(_ option: Option, _ value: String) throws(Failure) {
        let expected: String? =
            switch option.value {
            case .integer(let range):
                Int(value).map(range.contains) == true ? nil : "a whole number from \(bounds(range))"
            case .number(let range):
                Double(value).map(range.contains) == true ? nil : "a number from \(bounds(range))"
            case .duration: parseDuration(value).map { $0 > .zero } == true ? nil : "a duration such as 30s or 5m"
            case .choice(let values): values.contains(value) ? nil : Self.choice(value, values)
            case .file, .text: value.isEmpty ? "a value that is not empty" : nil
            case nil: nil
            }
        if let expected { throw .usage("--\(option.name) '\(value)': expected \(expected)") }
        given.append((option.name, value))
    }

    private func checkOperands() throws(Failure) {
        for (index, operand) in command.operands.enumerated() where index < operands.count {
            guard case .choice(let values) = operand.values, !values.contains(operands[index]) else { continue }
            throw .usage(
                "unknown \(operand.name.lowercased()) '\(operands[index])': expected "
                    + Self.choice(operands[index], values))
        }
        if let missing = command.operands.dropFirst(operands.count).first(where: \.isRequired) {
            var values = ""
            if case .choice(let names) = missing.values { values = " (\(names.joined(separator: ", ")))" }
            throw .usage("\(missing.name) is missing\(values)")
        }
        if operands.count > command.operands.count, command.operands.last?.repeats != true {
            throw .usage("one argument too many: '\(operands[command.operands.count])'")
        }
    }

    private static func choice(_ value: String, _ values: [String]) -> String {
        let list =
            values.count < 2
            ? values.joined() : values.dropLast().joined(separator: ", ") + " or " + values[values.count - 1]
        return list + (nearestName(to: value, among: values).map { ", did you mean \($0)?" } ?? "")
    }
}

private func bounds(_ range: ClosedRange<Int>) -> String {
    range.upperBound == .max ? "\(range.lowerBound) up" : "\(range.lowerBound) to \(range.upperBound)"
}

private func bounds(_ range: ClosedRange<Double>) -> String {
    "\(Int(range.lowerBound)) to \(Int(range.upperBound))"
}
