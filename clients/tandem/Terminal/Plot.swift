/// Small plots for a terminal: values without an axis beyond what the labels say.
enum Plot {
    /// One bar a line, the longest as long as `width` characters allow, the value behind it.
    static func bars(_ values: [(label: String, value: Double, text: String)], width: Int, unicode: Bool) -> [String] {
        let labelWidth = values.map(\.label.columns).max() ?? 0
        let textWidth = values.map(\.text.count).max() ?? 0
        let room = max(8, width - labelWidth - textWidth - 3)
        let most = values.map(\.value).max() ?? 0
        return values.map { item in
            let label = item.label + String(repeating: " ", count: labelWidth - item.label.columns)
            let share = most > 0 ? max(0, item.value) / most : 0
            return "\(label) \(bar(share, room, unicode: unicode)) \(item.text)"
        }
    }

    /// A bar of up to `width` characters for a share of 0 to 1, to an eighth of a character.
    private static func bar(_ share: Double, _ width: Int, unicode: Bool) -> String {
        guard unicode else {
            return String(repeating: "#", count: share > 0 ? max(1, Int((share * Double(width)).rounded())) : 0)
        }
        let eighths = share > 0 ? max(1, Int((share * Double(width) * 8).rounded())) : 0
        let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
    }

    /// A line through the values, `height` rows high, with the largest and the smallest value at its left. More values
    /// than columns are averaged; few values are drawn wide.
    static func line(
        _ values: [Double], width: Int, height: Int = 6, unicode: Bool, text: (Double) -> String
    ) -> [String] {
        guard let low = values.min(), let high = values.max(), height > 1 else { return [] }
        let labels = [text(high), text(low)]
        let labelWidth = labels.map(\.count).max() ?? 0
        let points = fitted(values, to: max(2, width - labelWidth - 2))
        let rows = points.map { value in
            high > low ? Int(((value - low) / (high - low) * Double(height - 1)).rounded()) : 0
        }
        // As asciichart does it (https://github.com/kroitor/asciichart): a stroke from each value to the next.
        let marks = unicode ? ["─", "╯", "╭", "╮", "╰", "│"] : ["-", "'", ".", ".", "'", "|"]
        var grid = [[String]](repeating: [String](repeating: " ", count: points.count), count: height)
        for column in rows.indices {
            let from = rows[column]
            let to = column + 1 < rows.count ? rows[column + 1] : from
            if from == to {
                grid[from][column] = marks[0]
            } else {
                grid[from][column] = to > from ? marks[1] : marks[3]
                grid[to][column] = to > from ? marks[2] : marks[4]
                for row in min(from, to) + 1..<max(from, to) { grid[row][column] = marks[5] }
            }
        }
        return (0..<height).reversed().map { row in
            let label = row == height - 1 ? labels[0] : row == 0 ? labels[1] : ""
            var line = String(repeating: " ", count: labelWidth - label.count) + label
            line += (unicode ? " ┤" : " |") + grid[row].joined()
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// Columns that one value takes at most.
    private static let widestStep = 8

    private static func fitted(_ values: [Double], to count: Int) -> [Double] {
        guard values.count > count else {
            let step = min(widestStep, max(1, count / values.count))
            return values.flatMap { [Double](repeating: $0, count: step) }
        }
        return (0..<count).map { index in
            let part = values[index * values.count / count..<(index + 1) * values.count / count]
            return part.reduce(0, +) / Double(part.count)
        }
    }
}
