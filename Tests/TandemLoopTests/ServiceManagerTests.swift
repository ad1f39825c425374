import TandemBase
import TandemLoop
import TandemTestSupport
import Testing

@Suite struct ServiceManagerTests {
    private let home: TemporaryHome
    private let inbox: DatagramInbox

    init() throws {
        home = try TemporaryHome()
        inbox = try DatagramInbox(home.path + "/notify")
    }

    private func manager() throws -> ServiceManager {
        let address = inbox.path
        return try onLoop { ServiceManager(environment: ["NOTIFY_SOCKET": address]) }
    }

    @Test func saysWhatIsToBeSaid() throws {
        let manager = try manager()
        try onLoop { manager.notify("READY=1\nSTATUS=here") }
        #expect(inbox.next() == "READY=1\nSTATUS=here")
    }

    @Test func whatAManagerThatHangsDoesNotTakeItGetsInOrderWhenItReads() throws {
        let manager = try manager()
        let foreign = try inbox.fill()
        let states = ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]
        try onLoop { for state in states { manager.notify(state) } }
        for _ in 0..<foreign { #expect(inbox.next() == "x") }
        for state in states { #expect(inbox.next() == state) }
        // And what comes later needs no waiting.
        try onLoop { manager.notify("STATUS=later") }
        #expect(inbox.next() == "STATUS=later")
    }

    @Test func aManagerThatNeverReadsCostsBoundedMemoryAndLosesTheOldest() throws {
        let manager = try manager()
        let foreign = try inbox.fill()
        try onLoop { for number in 1...1000 { manager.notify("STATUS=\(number)") } }
        for _ in 0..<foreign { #expect(inbox.next() == "x") }
        for number in 985...1000 { #expect(inbox.next() == "STATUS=\(number)") }
    }

    @Test func abstractNamesAndNobodyAtAllAreFine() throws {
        let name = "@tandem-test-\(MonotonicTime.now().nanoseconds)"
        let address = inbox.path
        try onLoop {
            ServiceManager(environment: ["NOTIFY_SOCKET": name]).notify("READY=1")
            ServiceManager(environment: ["NOTIFY_SOCKET": address + "/nowhere"]).notify("READY=1")
            ServiceManager(environment: [:]).notify("READY=1")
        }
        #expect(inbox.next(within: .zero) == nil)
    }
}
