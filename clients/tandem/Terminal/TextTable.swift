/// No column is cut to less.
private let narrowestColumn = 4

/// Rows under headings, in aligned columns. On a terminal those that can be spared are left out, the last of them
/// first, and the widest are cut to its width, but for those that people copy from; in a pipe all is shown.
struct TextTable {
    private let headings: [String]
    private let rightAligned: Set<Int>
    private let uncut: Set<Int>
    private let spared: [Int]
    private var rows: [[String]] = []

    init(_ headings: [String], rightAligned: Set<Int> = [], uncut: Set<Int> = [], spared: [Int] = []) {
        self.headings = headings
        self.rightAligned = rightAligned
        self.uncut = uncut
        self.spared = spared
    }

    mutating func add(_ row: [String]) {
        // One row is one line, whatever it says.
        rows.append(row.map { String($0.map { $0.isNewline || $0 == "\t" ? " " : $0 }) })
    }

    var isEmpty: Bool { rows.isEmpty }

    private var widths: [Int] {
        headings.indices.map { column in
            max(headings[column].columns, rows.map { $0[column].columns }.max() ?? 0)
        }
    }

    /// Columns of a line when nothing is cut.
    var width: Int { Self.width(widths) }

    private static func width(_ widths: some Collection<Int>) -> Int { widths.reduce(0, +) + 2 * (widths.count - 1) }

    /// - Parameter width: the most columns of a line; nil for any number.
    func lines(width: Int?) -> [String] {
        var widths = widths
        var shown = Array(headings.indices)
        if let width {
            for column in spared.reversed() where Self.width(shown.map { widths[$0] }) > width {
                shown.removeAll { $0 == column }
            }
            while Self.width(shown.map { widths[$0] }) > width {
                let cuttable = shown.filter { !uncut.contains($0) && widths[$0] > narrowestColumn }
                guard let widest = cuttable.max(by: { widths[$0] < widths[$1] }) else { break }
                widths[widest] -= 1
            }
        }
        return ([headings] + rows).map { row in
            var line = ""
            for column in shown {
                let cell = row[column]
                let text = cell.columns > widths[column] ? cell.prefix(columns: widths[column] - 1) + "…" : cell
                let space = String(repeating: " ", count: widths[column] - text.columns)
                line += rightAligned.contains(column) ? space + text : text + space
                line += "  "
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// Prints the headings (dimmed where there is colour) and the rows.
    func print(to output: Output) throws(Failure) {
        let lines = lines(width: output.terminal.columns)
        try output.write(dimmed: lines[0])
        try output.write("\n")
        for line in lines.dropFirst() { try output.write(foreign: Array((line + "\n").utf8)) }
    }
}
