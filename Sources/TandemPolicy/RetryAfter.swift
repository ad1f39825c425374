import TandemBase

/// A longer Retry-After is read as this long.
private let longestRetryAfter = TimeSpan.days(365)

/// The value of a Retry-After header (RFC 9110, 10.2.3): seconds, or an HTTP-date in any of its three forms, counted
/// from `now`. Fractions of a second, which some providers send, are read too. A date that has passed is zero; nil for
/// anything else.
package func parseRetryAfter(_ text: some StringProtocol, now: WallTime) -> TimeSpan? {
    let trimmed = text.trimmingSpaces
    if let first = trimmed.utf8.first, first >= 0x30, first <= 0x39 {
        guard trimmed.utf8.allSatisfy({ $0 == 0x2E || (0x30...0x39).contains($0) }), let seconds = Double(trimmed)
        else {
            return nil
        }
        guard seconds * 1e9 < Double(longestRetryAfter.nanoseconds) else { return longestRetryAfter }
        return TimeSpan(nanoseconds: Int64((seconds * 1e9).rounded(.up)))
    }
    guard let date = parseHTTPDate(trimmed, now: now) else { return nil }
    if date <= now { return .zero }
    let milliseconds = date.milliseconds - now.milliseconds
    return min(longestRetryAfter, TimeSpan(nanoseconds: min(milliseconds, .max / 1_000_000) * 1_000_000))
}

/// An HTTP-date (RFC 9110, 5.6.7): IMF-fixdate, RFC 850 (a two-digit year more than 50 years ahead of `now` is of the
/// past century) or asctime; nil for anything else. The name of the weekday is not checked against the date.
package func parseHTTPDate(_ text: some StringProtocol, now: WallTime) -> WallTime? {
    let words = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "-" }).map { String($0) }
    let civil: CivilTime?
    if text.contains(",") {
        // Sun, 06 Nov 1994 08:49:37 GMT        Sunday, 06-Nov-94 08:49:37 GMT
        guard words.count == 6, words[5] == "GMT" else { return nil }
        civil = civilTime(day: words[1], month: words[2], year: words[3], time: words[4], now: now)
    } else {
        // Sun Nov  6 08:49:37 1994
        guard words.count == 5 else { return nil }
        civil = civilTime(day: words[2], month: words[1], year: words[4], time: words[3], now: now)
    }
    return civil?.wallTime
}

private let monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

private func civilTime(day: String, month: String, year: String, time: String, now: WallTime) -> CivilTime? {
    let clock = time.split(separator: ":", omittingEmptySubsequences: false).map { number(String($0), digits: 2...2) }
    guard let monthIndex = monthNames.firstIndex(of: month), let day = number(day, digits: 1...2), (1...31) ~= day,
        var fullYear = number(year, digits: 2...4), year.utf8.count != 3, clock.count == 3, let hour = clock[0],
        hour < 24, let minute = clock[1], minute < 60, let second = clock[2], second <= 60
    else { return nil }
    if year.utf8.count == 2 {
        let thisYear = CivilTime(now).year
        fullYear += thisYear - thisYear % 100
        if fullYear > thisYear + 50 { fullYear -= 100 }
    }
    var civil = CivilTime(year: fullYear, month: monthIndex + 1, day: day)
    civil.hour = hour
    civil.minute = minute
    civil.second = second
    return civil
}

private func number(_ text: String, digits: ClosedRange<Int>) -> Int? {
    guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
}
