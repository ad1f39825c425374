import CLinux

/// A point on the monotonic clock, in nanoseconds since an unspecified start. Not comparable across restarts.
package struct MonotonicTime: Comparable, Hashable, Sendable {
    package var nanoseconds: Int64

    @inlinable package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The clock's present value.
    @inlinable package static func now() -> MonotonicTime { MonotonicTime(nanoseconds: cl_monotonic_ns()) }

    @inlinable package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Saturates instead of overflowing, so that "a very long timeout" is simply far away.
    @inlinable package static func + (time: Self, span: Span) -> Self {
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(span.nanoseconds)
        return Self(nanoseconds: overflow ? .max : sum)
    }

    @inlinable package static func - (left: Self, right: Self) -> Span {
        Span(nanoseconds: left.nanoseconds - right.nanoseconds)
    }

    /// A length of time in nanoseconds; may be negative.
    package struct Span: Comparable, Hashable, Sendable {
        package var nanoseconds: Int64

        @inlinable package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

        @inlinable package static func milliseconds(_ count: Int) -> Self {
            Self(nanoseconds: Int64(count) * 1_000_000)
        }
        @inlinable package static func seconds(_ count: Int) -> Self { Self(nanoseconds: Int64(count) * 1_000_000_000) }
        @inlinable package static func minutes(_ count: Int) -> Self { .seconds(count * 60) }
        @inlinable package static func hours(_ count: Int) -> Self { .seconds(count * 3600) }
        @inlinable package static func days(_ count: Int) -> Self { .hours(count * 24) }
        package static let zero = Self(nanoseconds: 0)

        /// Fractional milliseconds, the unit of every `*_ms` member of the protocol.
        @inlinable package var milliseconds: Double { Double(nanoseconds) / 1_000_000 }

        /// Whole milliseconds, rounded up: for "retry after", where too early is an error.
        @inlinable package var wholeMilliseconds: Int { Int((nanoseconds + 999_999) / 1_000_000) }

        @inlinable package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }
        @inlinable package static func + (left: Self, right: Self) -> Self {
            Self(nanoseconds: left.nanoseconds + right.nanoseconds)
        }
        @inlinable package static func - (left: Self, right: Self) -> Self {
            Self(nanoseconds: left.nanoseconds - right.nanoseconds)
        }
    }
}

/// A length of time in nanoseconds.
package typealias TimeSpan = MonotonicTime.Span

/// A point in civil time: milliseconds since 1970-01-01T00:00:00Z. What is stored and what identifiers carry.
package struct WallTime: Comparable, Hashable, Sendable {
    package var milliseconds: Int64

    @inlinable package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// The clock's present value.
    @inlinable package static func now() -> WallTime { WallTime(milliseconds: cl_wall_ns() / 1_000_000) }

    @inlinable package static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

    @inlinable package static func + (time: Self, span: TimeSpan) -> Self {
        Self(milliseconds: time.milliseconds + span.nanoseconds / 1_000_000)
    }

    @inlinable package static func - (left: Self, right: Self) -> TimeSpan {
        TimeSpan(nanoseconds: (left.milliseconds - right.milliseconds) * 1_000_000)
    }
}

extension WallTime: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds, for example `2026-11-20T08:43:00.000Z`.
    package var description: String {
        let civil = CivilTime(self)
        func pad(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(pad(civil.year, 4))-\(pad(civil.month, 2))-\(pad(civil.day, 2))T"
            + "\(pad(civil.hour, 2)):\(pad(civil.minute, 2)):\(pad(civil.second, 2)).\(pad(civil.millisecond, 3))Z"
    }

    /// Reads RFC 3339 (`2026-11-20T08:43:00Z`, fractions and offsets allowed) or a plain date; nil for anything else.
    package init?(rfc3339 text: String) {
        guard let time = CivilTime.parse(Array(text.utf8)) else { return nil }
        self = time
    }
}

/// The proleptic Gregorian calendar in UTC. Source of the day arithmetic: Howard Hinnant, "chrono-Compatible
/// Low-Level Date Algorithms".
package struct CivilTime: Hashable, Sendable {
    package var year: Int
    package var month: Int
    package var day: Int
    package var hour = 0
    package var minute = 0
    package var second = 0
    package var millisecond = 0

    package init(_ time: WallTime) {
        var days = time.milliseconds / 86_400_000
        var rest = Int(time.milliseconds % 86_400_000)
        if rest < 0 {
            rest += 86_400_000
            days -= 1
        }
        let shifted = Int(days) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        hour = rest / 3_600_000
        minute = rest / 60_000 % 60
        second = rest / 1000 % 60
        millisecond = rest % 1000
    }

    package init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The same point as milliseconds since 1970.
    package var wallTime: WallTime {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        let inDay = ((hour * 60 + minute) * 60 + second) * 1000 + millisecond
        return WallTime(milliseconds: Int64(days) * 86_400_000 + Int64(inDay))
    }

    static func parse(_ bytes: [UInt8]) -> WallTime? {
        func number(_ range: Range<Int>) -> Int? {
            guard range.upperBound <= bytes.count else { return nil }
            var value = 0
            for byte in bytes[range] {
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            return value
        }
        func has(_ character: Character, at index: Int) -> Bool {
            index < bytes.count && bytes[index] == character.asciiValue
        }
        guard let year = number(0..<4), has("-", at: 4), let month = number(5..<7), (1...12).contains(month),
            has("-", at: 7), let day = number(8..<10), (1...31).contains(day)
        else { return nil }
        var civil = CivilTime(year: year, month: month, day: day)
        guard CivilTime(civil.wallTime) == civil else { return nil }  // The 31st of November.
        if bytes.count == 10 { return civil.wallTime }
        guard has("T", at: 10) || has("t", at: 10) || has(" ", at: 10), let hour = number(11..<13), hour < 24,
            has(":", at: 13), let minute = number(14..<16), minute < 60,
            has(":", at: 16), let second = number(17..<19), second <= 60
        else { return nil }
        civil.hour = hour
        civil.minute = minute
        civil.second = second
        var index = 19
        if has(".", at: index) {
            index += 1
            var scale = 100
            let start = index
            while index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39 {
                civil.millisecond += Int(bytes[index] - 0x30) * scale
                scale /= 10
                index += 1
            }
            guard index > start else { return nil }
        }
        if (has("Z", at: index) || has("z", at: index)) && index + 1 == bytes.count { return civil.wallTime }
        guard index + 6 == bytes.count, has("+", at: index) || has("-", at: index),
            let offsetHours = number(index + 1..<index + 3), offsetHours < 24, has(":", at: index + 3),
            let offsetMinutes = number(index + 4..<index + 6), offsetMinutes < 60
        else { return nil }
        let offset = TimeSpan.minutes(offsetHours * 60 + offsetMinutes)
        let sign: Int64 = has("-", at: index) ? 1 : -1
        return civil.wallTime + TimeSpan(nanoseconds: offset.nanoseconds * sign)
    }
}
