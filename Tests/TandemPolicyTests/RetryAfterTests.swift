import TandemBase
import TandemPolicy
import Testing

@Suite struct RetryAfterTests {
    let now = WallTime(rfc3339: "1994-11-06T08:49:00Z") ?? noon

    @Test(arguments: [
        ("0", 0), ("120", 120_000), (" 7 ", 7000), ("1.5", 1500), ("0.0001", 1),
        ("99999999999999999999", 31_536_000_000),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 37_000), ("Sunday, 06-Nov-94 08:49:37 GMT", 37_000),
        ("Sun Nov  6 08:49:37 1994", 37_000), ("Sun, 06 Nov 1994 08:48:59 GMT", 0),
        ("Mon, 06 Nov 9994 08:49:37 GMT", 31_536_000_000),
    ])
    func readsBothForms(text: String, milliseconds: Int) {
        #expect(parseRetryAfter(text, now: now)?.wholeMilliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "-1", "soon", "1s", "1.2.3", "1e9", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 194 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT", "Sun Nov 6 1994", "Sun, 06 Nov 1994 08:49:37 CET",
    ])
    func refusesAnythingElse(text: String) { #expect(parseRetryAfter(text, now: now) == nil) }

    @Test func twoDigitYearsAreNear() {
        #expect(parseHTTPDate("Friday, 20-Nov-26 12:00:00 GMT", now: noon) == noon)
        #expect(parseHTTPDate("Friday, 20-Nov-99 12:00:00 GMT", now: noon)?.description.hasPrefix("1999") == true)
    }
}
