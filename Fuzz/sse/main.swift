// libFuzzer over the decoder of server-sent events: however a stream is cut, the events are the same, and none holds a
// line's end that was not there.
import Glibc
import TandemHTTP

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
    let whole = events(of: bytes, piece: bytes.count + 1)
    precondition(events(of: bytes, piece: 1) == whole, "byte by byte")
    precondition(events(of: bytes, piece: Int(data[0]) % 31 + 2) == whole, "in pieces")
    // A byte of a name that is not UTF-8 becomes U+FFFD, which has three.
    precondition(whole.reduce(0) { $0 + $1.count } <= 3 * bytes.count + whole.count)
    return 0
}

/// Each event as its name, a zero byte and its data.
private func events(of bytes: [UInt8], piece: Int) -> [[UInt8]] {
    var decoder = SSEDecoder()
    var events: [[UInt8]] = []
    let take: (String, UnsafeRawBufferPointer) -> Bool = { name, data in
        precondition(!data.contains(0x0D))
        events.append(Array(name.utf8) + [0] + Array(data))
        return true
    }
    var start = 0
    while start < bytes.count {
        let end = min(bytes.count, start + piece)
        guard (try? bytes[start..<end].withUnsafeBytes({ try decoder.feed($0, take) })) != nil else { return [] }
        start = end
    }
    decoder.finish(take)
    return events
}

var argumentCount = CommandLine.argc
var arguments = CommandLine.unsafeArgv
exit(runDriver(&argumentCount, &arguments, testOneInput))
