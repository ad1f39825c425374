/// "300ms", "2s", "5m", "1h", "30d" (CONFIG.md). Whole or fractional counts; at most 100 years.
package func parseDuration(_ text: some StringProtocol) -> TimeSpan? {
    guard let (count, unit) = splitQuantity(text) else { return nil }
    let scale: Double
    switch unit {
    case "ms": scale = 1e6
    case "s": scale = 1e9
    case "m": scale = 60e9
    case "h": scale = 3600e9
    case "d": scale = 86400e9
    default: return nil
    }
    let nanoseconds = count * scale
    guard nanoseconds <= 36_525 * 86_400e9 else { return nil }
    return TimeSpan(nanoseconds: Int64(nanoseconds))
}

/// "8MiB", "512KiB", "1GB", "100B": binary and decimal units; at most 2^53 bytes.
package func parseByteSize(_ text: some StringProtocol) -> Int? {
    guard let (count, unit) = splitQuantity(text) else { return nil }
    let scale: Double
    switch unit {
    case "", "B": scale = 1
    case "KiB": scale = 1024
    case "MiB": scale = 1_048_576
    case "GiB": scale = 1_073_741_824
    case "kB", "KB": scale = 1e3
    case "MB": scale = 1e6
    case "GB": scale = 1e9
    default: return nil
    }
    let bytes = count * scale
    guard bytes <= 9_007_199_254_740_992 else { return nil }
    return Int(bytes)
}

/// "60/1m": so many per period.
package struct Rate: Hashable, Sendable {
    package var count: Int
    package var period: TimeSpan

    package init(count: Int, period: TimeSpan) {
        self.count = count
        self.period = period
    }

    /// Reads "count/duration"; nil for anything else, a count below 1 or a period of zero.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[0].trimmingSpaces), count > 0,
            let period = parseDuration(parts[1].trimmingSpaces), period > .zero
        else { return nil }
        self.init(count: count, period: period)
    }
}

private func splitQuantity(_ text: some StringProtocol) -> (Double, String)? {
    let trimmed = text.trimmingSpaces
    let digits = trimmed.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard !digits.isEmpty, let count = Double(String(digits)), count >= 0, count.isFinite else { return nil }
    return (count, trimmed.dropFirst(digits.count).trimmingSpaces)
}

extension StringProtocol {
    /// Without spaces and tabs at both ends.
    package var trimmingSpaces: String {
        var bytes = Substring(self).utf8[...]
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes = bytes.dropFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes = bytes.dropLast() }
        return String(Substring(bytes))
    }
}
