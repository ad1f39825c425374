import CLinux
import Glibc
import Synchronization
import TandemBase
import TandemTestSupport

/// The built `tandem` as a child process, with pipes or a pseudo-terminal.
final class CLIProcess: Sendable {
    enum Streams {
        /// stdin, stdout and stderr are pipes.
        case pipes
        /// stdout and stderr are a terminal of 80 columns; stdin too unless there is input.
        case terminal
    }

    let child: ChildProcess
    /// Our end of the child's stdin; -1 when it has none.
    private let input: Mutex<Int32>
    private let out: Collector
    private let err: Collector
    private let terminal: Int32

    /// - Parameter input: what is piped into stdin before it is closed; nil for no stdin, "-" to keep it open.
    init(
        _ arguments: [String], home: TemporaryHome, input text: String? = nil, keepsInputOpen: Bool = false,
        streams: Streams = .pipes, environment: [String: String] = [:]
    ) throws {
        var map: [Int32: Int32] = [:]
        var ours: [Int32] = []
        var variables = home.environment
        if streams == .terminal {
            let (master, slave) = try openTerminal()
            terminal = master
            setSize(master, columns: 80)
            map = [0: slave, 1: slave, 2: slave]
            ours = [slave]
            out = Collector(cl_fcntl(master, Int32(F_DUPFD_CLOEXEC), 3))
            err = Collector(-1)
            variables["TERM"] = "xterm-256color"
        } else {
            terminal = -1
            let output = try makePipe()
            let error = try makePipe()
            map = [1: output.write, 2: error.write]
            ours = [output.write, error.write]
            out = Collector(output.read)
            err = Collector(error.read)
        }
        var writeEnd: Int32 = -1
        if text != nil || keepsInputOpen {
            let pipe = try makePipe()
            map[0] = pipe.read
            ours.append(pipe.read)
            writeEnd = pipe.write
        }
        input = Mutex(writeEnd)
        child = try ChildProcess(
            [try builtProduct("tandem")] + arguments, environment: variables.merging(environment) { $1 },
            descriptors: map, folder: home.path)
        for descriptor in ours { close(descriptor) }
        if let text { send(text) }
        if !keepsInputOpen { closeInput() }
    }

    deinit {
        child.signal(SIGKILL)
        closeInput()
        if terminal >= 0 { close(terminal) }
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        input.withLock { descriptor in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                if count <= 0 { return }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Types on the pseudo-terminal.
    func type(_ text: String) { _ = write(terminal, text, text.utf8.count) }

    /// Makes the pseudo-terminal another width, as a person does with a window. It is nobody's controlling terminal, so
    /// the kernel tells nobody.
    func resize(columns: Int32) {
        setSize(terminal, columns: columns)
        child.signal(SIGWINCH)
    }

    func closeInput() {
        input.withLock { descriptor in
            if descriptor >= 0 { close(descriptor) }
            descriptor = -1
        }
    }

    /// Stops reading stdout, as `head` does after its lines.
    func closeOutput() { out.close() }

    var output: String { out.text }
    var outputBytes: [UInt8] { out.bytes }
    var errors: String { err.text }

    func waitForOutput(_ text: String) -> Bool { eventually { out.text.contains(text) } }

    /// Waits for the end; the exit status with everything that was written.
    func finish() -> (status: Int32?, out: String, err: String) {
        let status = child.wait()
        out.ended.wait(within: .seconds(5))
        err.ended.wait(within: .seconds(5))
        return (status, out.text, err.text)
    }

    /// Ends its input and waits for its end, timed on the calling thread: a busy test pool is no fault of the program's.
    func timedEnd() -> (status: Int32?, took: TimeSpan) {
        let start = MonotonicTime.now()
        closeInput()
        let status = child.wait()
        return (status, MonotonicTime.now() - start)
    }
}

/// Runs to the end.
func runCLI(
    _ arguments: [String], home: TemporaryHome, input: String? = nil, streams: CLIProcess.Streams = .pipes,
    environment: [String: String] = [:]
) async throws -> (status: Int32?, out: String, err: String) {
    let process = try CLIProcess(arguments, home: home, input: input, streams: streams, environment: environment)
    return await offPool { process.finish() }
}

/// Reads a descriptor to its end on a thread of its own.
private final class Collector: Sendable {
    let ended = Gate()
    private let content = Mutex<[UInt8]>([])
    private let descriptor: Mutex<Int32>

    init(_ descriptor: Int32) {
        self.descriptor = Mutex(descriptor)
        if descriptor >= 0 { startThread { self.read() } } else { ended.open() }
    }

    var bytes: [UInt8] { content.withLock { $0 } }
    var text: String { String(decoding: bytes, as: UTF8.self) }

    func close() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { Glibc.close(descriptor) }
            descriptor = -1
        }
    }

    private func read() {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let raw = descriptor.withLock { $0 }
            if raw < 0 { break }
            var entry = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
            // Short turns, so that `close` from another thread is seen.
            if poll(&entry, 1, 20) == 0 { continue }
            let count = descriptor.withLock { $0 < 0 ? 0 : Glibc.read($0, &buffer, buffer.count) }
            if count <= 0 { break }
            content.withLock { $0 += buffer[..<count] }
        }
        close()
        ended.open()
    }
}

private func makePipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    guard cl_pipe(&ends, O_CLOEXEC) == 0 else { throw SystemError("pipe2") }
    return (ends[0], ends[1])
}

// ioctl(2) requests that Glibc's overlay lacks: TIOCSPTLCK, TIOCGPTN.
private let unlockTerminal: UInt = 0x4004_5431
private let terminalNumber: UInt = 0x8004_5430

private func setSize(_ terminal: Int32, columns: Int32) {
    var size: [Int32] = [24 | columns << 16, 0]  // struct winsize
    _ = cl_ioctl_int(terminal, UInt(TIOCSWINSZ), &size)
}

/// A pseudo-terminal pair; the slave becomes nobody's controlling terminal.
private func openTerminal() throws -> (master: Int32, slave: Int32) {
    let master = try FileDescriptor.open("/dev/ptmx", O_RDWR | O_NOCTTY)
    var unlock: Int32 = 0
    var number: Int32 = 0
    guard cl_ioctl_int(master.raw, unlockTerminal, &unlock) == 0, cl_ioctl_int(master.raw, terminalNumber, &number) == 0
    else { throw SystemError("ioctl", "/dev/ptmx") }
    let slave = try FileDescriptor.open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    return (master.release(), slave.release())
}
