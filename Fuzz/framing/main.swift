// libFuzzer over the cutter of messages, in both framings: however a stream is cut the messages are the same, and none
// is longer than the limit.
import Glibc
import TandemProtocol

@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<Int8>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>, Int) -> Int32
) -> Int32

@c(LLVMFuzzerTestOneInput)
func testOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> Int32 {
    guard size > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: data + 1, count: size - 1))
    let limit = Int(data[0])
    let whole = events(of: bytes, piece: bytes.count + 1, limit: limit)
    precondition(events(of: bytes, piece: 1, limit: limit) == whole, "byte by byte")
    precondition(events(of: bytes, piece: limit % 31 + 2, limit: limit) == whole, "in pieces")
    return 0
}

private func events(of bytes: [UInt8], piece: Int, limit: Int) -> [MessageFramer.Event] {
    var framer = MessageFramer(limit: limit)
    var events: [MessageFramer.Event] = []
    var start = 0
    while start < bytes.count {
        let end = min(bytes.count, start + piece)
        bytes[start..<end].withUnsafeBytes { framer.append($0) }
        while let event = framer.next() { events.append(checked(event, framer, limit)) }
        start = end
    }
    return events
}

private func checked(_ event: MessageFramer.Event, _ framer: MessageFramer, _ limit: Int) -> MessageFramer.Event {
    switch event {
    case .message(let message):
        precondition(message.count <= limit)
        precondition(framer.framing == .contentLength || !message.contains(0x0A))
        return event
    case .tooLarge, .unsupportedFraming, .malformedHeader: return event
    }
}

var argumentCount = CommandLine.argc
var arguments = CommandLine.unsafeArgv
exit(runDriver(&argumentCount, &arguments, testOneInput))
