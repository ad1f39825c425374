import CLinux
import Glibc
import TandemBase

/// The most bytes of one attachment or of stdin; the daemon takes messages of up to 32 MiB, and base 64 adds a third.
let inputLimit = 20 << 20

/// Everything a descriptor has to give, up to the limit. ^C ends it.
func readInput(_ name: String, _ descriptor: Int32) throws(Failure) -> [UInt8] {
    let interrupt = Interrupts.watch()
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
        var fds = [
            pollfd(fd: interrupt, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        ]
        if poll(&fds, 2, -1) < 0 { continue }
        if fds[0].revents != 0 { throw .interrupted }
        let count = read(descriptor, &buffer, buffer.count)
        if count == 0 { return bytes }
        if count < 0 {
            if cl_errno() == EINTR || cl_errno() == EAGAIN { continue }
            throw Failure("cannot read \(name): \(SystemError("read").reason)")
        }
        bytes += buffer[..<count]
        if bytes.count > inputLimit { throw Failure("\(name) is larger than 20 MiB: send a part of it") }
    }
}

func readFile(_ path: String) throws(Failure) -> [UInt8] {
    let file: FileDescriptor
    do throws(SystemError) {
        file = try FileDescriptor.open(path, O_RDONLY)
    } catch {
        throw Failure("cannot open \(path): \(error.reason)")
    }
    return try readInput(path, file.raw)
}

/// Replaces a file as a whole, readable by this user alone. A failure is of no consequence to the caller.
func replacePrivateFile(_ path: String, _ text: String) {
    let temporary = path + ".\(getpid())"
    guard let file = try? FileDescriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600) else { return }
    let bytes = Array(text.utf8)
    let written = write(file.raw, bytes, bytes.count)
    if written != bytes.count || rename(temporary, path) != 0 { unlink(temporary) }
}
