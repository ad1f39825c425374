/// Characters that take two columns: East Asian Width W and F in Unicode's EastAsianWidth.txt. Emoji are known to Swift.
private let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4C6, 0xA960...0xA97C,
    0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6B, 0xFF01...0xFF60, 0xFFE0...0xFFE6,
    0x16FE0...0x18CFF, 0x1AFF0...0x1B2FB, 0x1F200...0x1F265, 0x20000...0x3FFFD,
]

extension Character {
    /// The columns of a terminal that it takes: 0, 1 or 2.
    var columns: Int {
        guard let first = unicodeScalars.first, first.value >= 0x300 else { return 1 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: return first.properties.isEmojiPresentation || wide.contains { $0 ~= first.value } ? 2 : 1
        }
    }
}

extension StringProtocol {
    /// The columns of a terminal that it takes on one line.
    var columns: Int { reduce(0) { $0 + $1.columns } }

    /// As much of its beginning as goes into so many columns.
    func prefix(columns limit: Int) -> SubSequence {
        var room = limit
        return prefix {
            room -= $0.columns
            return room >= 0
        }
    }
}
