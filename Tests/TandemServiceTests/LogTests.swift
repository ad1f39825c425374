import CLinux
import Glibc
import TandemBase
import TandemTestSupport
import Testing

@testable import TandemService

@Suite struct LogTests {
    private let home: TemporaryHome
    private let journal: DatagramInbox
    private let log: Log

    init() throws {
        home = try TemporaryHome()
        journal = try DatagramInbox(home.path + "/journal")
        var status = stat()
        try #require(fstat(2, &status) == 0)
        log = Log(environment: ["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino)"], journal: journal.path)
    }

    @Test func aLineIsOneDatagramInTheJournalsProtocol() {
        log(.notice, "something happened", .provider("groq"), .uid(7))
        #expect(
            journal.next() == """
                MESSAGE=something happened
                PRIORITY=5
                SYSLOG_IDENTIFIER=tandemd
                TANDEM_PROVIDER=groq
                TANDEM_UID=7

                """)
    }

    @Test func aTextOfTwoLinesStaysOneField() {
        log(.info, "one\ntwo")
        #expect(journal.next()?.hasPrefix("MESSAGE\n\u{7}\0\0\0\0\0\0\0one\ntwo\nPRIORITY=6\n") == true)
    }

    @Test func aJournalThatHangsIsNotWaitedForAndIsToldWhatItMissed() throws {
        let foreign = try journal.fill()
        for number in 1...3 { log(.info, "unheard \(number)") }
        for _ in 0..<foreign { #expect(journal.next() == "x") }
        log(.info, "heard")
        #expect(journal.next()?.hasPrefix("MESSAGE=3 lines are missing here: nobody read the log\n") == true)
        #expect(journal.next()?.hasPrefix("MESSAGE=heard\n") == true)
    }
}
