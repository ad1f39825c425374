import TandemBase

/// A number with so many digits after the point.
func fixed(_ value: Double, _ digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (value.magnitude * scale).rounded()
    guard scaled < 1e15 else { return value.description }
    let whole = Int(scaled) / Int(scale)
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return sign + String(whole) }
    let rest = String(Int(scaled) % Int(scale))
    return sign + "\(whole)." + String(repeating: "0", count: digits - rest.count) + rest
}

/// "850 ms", "2.3 s", "3 min 5 s", "2 h 10 min", "5 d 3 h".
func humanDuration(milliseconds: Double) -> String {
    if milliseconds < 1 { return milliseconds <= 0 ? "0 ms" : fixed(milliseconds, 2) + " ms" }
    if milliseconds < 10 { return fixed(milliseconds, 1) + " ms" }
    if milliseconds < 999.5 { return fixed(milliseconds, 0) + " ms" }
    if milliseconds < 59_950 { return fixed(milliseconds / 1000, 1) + " s" }
    let seconds = Int(min(milliseconds / 1000, 1e15).rounded())
    func pair(_ large: Int, _ unit: String, _ small: Int, _ smallUnit: String) -> String {
        small == 0 ? "\(large) \(unit)" : "\(large) \(unit) \(small) \(smallUnit)"
    }
    if seconds < 3600 { return pair(seconds / 60, "min", seconds % 60, "s") }
    if seconds < 86400 { return pair(seconds / 3600, "h", seconds / 60 % 60, "min") }
    return pair(seconds / 86400, "d", seconds / 3600 % 24, "h")
}

/// "12,345".
func humanCount(_ count: Int) -> String {
    var digits = String(count.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
        groups.insert(String(digits.suffix(3)), at: 0)
        digits.removeLast(3)
    }
    return (count < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
}

/// "512 B", "8.0 MiB".
func humanBytes(_ bytes: Int) -> String {
    guard bytes >= 1024 else { return "\(bytes) B" }
    var value = Double(bytes) / 1024
    for unit in ["KiB", "MiB", "GiB"] {
        if value < 1023.95 { return fixed(value, 1) + " " + unit }
        value /= 1024
    }
    return fixed(value, 1) + " TiB"
}

/// "$0.0012", "$1.25": cents where there are any, else what is left of a cent.
func humanCost(_ dollars: Double) -> String {
    dollars == 0 || dollars >= 0.1 ? "$" + fixed(dollars, 2) : "$" + fixed(dollars, dollars >= 0.0001 ? 4 : 6)
}
