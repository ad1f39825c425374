/// Tab widths tried when one side indents with tabs and the other with spaces, in this order.
private let tabWidths = [4, 8, 2, 3]

/// The one difference between the indents of a block as it was quoted and as the file has it.
struct IndentShift: Sendable {
    private enum Rule: Sendable {
        case none
        case add([UInt8])
        case remove([UInt8])
        /// Columns to add, with tabs this wide; new indents are written with tabs or spaces as the file does.
        case columns(Int, tabWidth: Int, tabs: Bool)
    }

    private var rule: Rule
    /// Indents seen in the block and what the file has for them; these need no arithmetic.
    private var known: [[UInt8]: [UInt8]]

    static let none = IndentShift(rule: .none, known: [:])

    private init(rule: Rule, known: [[UInt8]: [UInt8]]) {
        self.rule = rule
        self.known = known
    }

    /// The shift from `quoted` to `actual`, line by line, or nil when there is no single one. Blank lines do not count.
    init?(quoted: [ArraySlice<UInt8>], actual: [ArraySlice<UInt8>]) {
        var pairs: [(quoted: [UInt8], actual: [UInt8])] = []
        known = [:]
        for (quotedLine, actualLine) in zip(quoted, actual) where !quotedLine.allSatisfy(isBlank) {
            let pair = (Array(quotedLine.indent), Array(actualLine.indent))
            if let seen = known[pair.0] {
                guard seen == pair.1 else { return nil }
            } else {
                known[pair.0] = pair.1
                pairs.append(pair)
            }
        }
        guard let first = pairs.first else { return nil }
        if let added = Self.suffixRemoved(first.quoted, from: first.actual),
            pairs.allSatisfy({ $0.actual == added + $0.quoted })
        {
            rule = .add(added)
        } else if let removed = Self.suffixRemoved(first.actual, from: first.quoted),
            pairs.allSatisfy({ $0.quoted == removed + $0.actual })
        {
            rule = .remove(removed)
        } else {
            let uniform = tabWidths.compactMap { width -> (delta: Int, width: Int)? in
                let delta = Self.columns(first.actual, width) - Self.columns(first.quoted, width)
                let same = pairs.allSatisfy { Self.columns($0.actual, width) - Self.columns($0.quoted, width) == delta }
                return same ? (delta, width) : nil
            }
            guard let chosen = uniform.first(where: { $0.delta == 0 }) ?? uniform.first else { return nil }
            let tabs = pairs.contains { $0.actual.contains(0x09) }
            rule = .columns(chosen.delta, tabWidth: chosen.width, tabs: tabs)
        }
    }

    /// The line with the file's indent; nil when the difference cannot be applied to it.
    func apply(to line: ArraySlice<UInt8>) -> [UInt8]? {
        if case .none = rule { return Array(line) }
        if line.allSatisfy(isBlank) { return Array(line) }
        let indent = Array(line.indent)
        let rest = line.dropFirst(indent.count)
        if let actual = known[indent] { return actual + rest }
        switch rule {
        case .none: return Array(line)
        case .add(let added): return added + line
        case .remove(let removed): return indent.starts(with: removed) ? Array(line.dropFirst(removed.count)) : nil
        case .columns(let delta, let width, let tabs):
            let columns = Self.columns(indent, width) + delta
            guard columns >= 0 else { return nil }
            let (full, rest0) = tabs ? (columns / width, columns % width) : (0, columns)
            return [UInt8](repeating: 0x09, count: full) + [UInt8](repeating: 0x20, count: rest0) + rest
        }
    }

    private static func suffixRemoved(_ suffix: [UInt8], from whole: [UInt8]) -> [UInt8]? {
        guard whole.count >= suffix.count, whole.suffix(suffix.count).elementsEqual(suffix) else { return nil }
        return Array(whole.dropLast(suffix.count))
    }

    private static func columns(_ indent: [UInt8], _ width: Int) -> Int {
        indent.reduce(0) { column, byte in byte == 0x09 ? (column / width + 1) * width : column + 1 }
    }
}
