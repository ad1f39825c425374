// libFuzzer over the configuration: TOML through toml++, merging, checking. Whatever comes in is a configuration whose
// default model resolves, or a list of faults with places.
import Glibc
import TandemService

@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<Int8>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>, Int) -> Int32
) -> Int32

@c(LLVMFuzzerTestOneInput)
func testOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> Int32 {
    // A zero byte ends a file: what follows is merged over it.
    let files = UnsafeBufferPointer(start: data, count: size).split(separator: 0, omittingEmptySubsequences: false)
    let sources = files.prefix(3).map { ConfigurationSource(path: "fuzz", bytes: Array($0)) }
    do {
        let configuration = try Configuration.read(sources, environment: ["HOME": "/nowhere"])
        precondition(configuration.resolve(configuration.defaultModel) != nil)
        precondition(Configuration.changes(from: configuration, to: configuration).isEmpty)
    } catch {
        precondition(!error.faults.isEmpty && error.faults.allSatisfy { $0.line > 0 && !$0.message.isEmpty })
    }
    return 0
}

var argumentCount = CommandLine.argc
var arguments = CommandLine.unsafeArgv
exit(runDriver(&argumentCount, &arguments, testOneInput))
