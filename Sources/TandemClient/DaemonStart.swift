import CLinux
import Glibc
import TandemBase

/// Starts the daemon where nothing listens: by systemd when this user has a manager that knows the unit, else as a
/// detached process. A step at a time, so that a caller with other work never waits in here.
package struct DaemonStart: Sendable {
    package enum Progress: Hashable, Sendable {
        /// Look at the socket again soon.
        case underway
        /// Nothing more can be done. The text says what was tried.
        case failed(String)
    }

    private enum Phase {
        case untried
        case systemctl(pid_t)
        case daemon(pid_t)
        case started
        case ended(String)
    }

    private var phase = Phase.untried
    private let search: SocketSearch

    package init(_ search: SocketSearch) { self.search = search }

    /// Called after a dial that found nobody.
    package mutating func step() -> Progress {
        switch phase {
        case .untried:
            if !search.isExplicit, let pid = startUnit() {
                phase = .systemctl(pid)
            } else {
                startDaemon()
            }
        case .systemctl(let pid):
            guard let status = exitStatus(pid) else { return .underway }
            if status == 0 { phase = .started } else { startDaemon() }
        case .daemon(let pid):
            guard let status = exitStatus(pid) else { return .underway }
            // Another client's daemon may have been faster and is found by the next dial; if not, this is the reason.
            let log = detachedDaemonLog().map { "; its log is \($0)" } ?? ""
            phase = .ended("tandemd was started and ended with status \(status)\(log)")
        case .started: break
        case .ended(let reason): return .failed(reason)
        }
        return .underway
    }

    private mutating func startDaemon() {
        guard let socket = search.userSocket else {
            phase = .ended("there is no XDG_RUNTIME_DIR for its socket: set it, or give --socket PATH")
            return
        }
        if let slash = socket.lastIndex(of: "/"), slash != socket.startIndex {
            makePrivateFolder(String(socket[..<slash]))
        }
        let beside = siblingBinary("tandemd")
        // A disk that takes no log must not keep the daemon from answering.
        let log = detachedDaemonLog().flatMap { Self.canWrite($0) ? $0 : nil } ?? "/dev/null"
        if let pid = spawnDetached([beside ?? "tandemd", "--socket", socket], searchPath: beside == nil, log: log) {
            phase = .daemon(pid)
        } else {
            phase = .ended("tandemd is neither beside this program nor in PATH: install it, or start it yourself")
        }
    }

    private static func canWrite(_ log: String) -> Bool {
        if let slash = log.lastIndex(of: "/") { makePrivateFolder(String(log[..<slash])) }
        return (try? FileDescriptor.open(log, O_WRONLY | O_CREAT, mode: 0o600)) != nil
    }

    private func startUnit() -> pid_t? {
        guard let runtime = runtimeFolder(), access(runtime + "/systemd/private", F_OK) == 0 else { return nil }
        setenv("XDG_RUNTIME_DIR", runtime, 1)
        return spawnDetached(
            ["systemctl", "--user", "--quiet", "start", "tandemd.socket"], searchPath: true, log: "/dev/null")
    }
}

/// The log of a daemon that runs without systemd.
package func detachedDaemonLog() -> String? { stateFolder().map { $0 + "/tandemd.log" } }

/// A program installed beside this one; nil when there is none.
package func siblingBinary(_ name: String) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0 else { return nil }
    let own = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let slash = own.lastIndex(of: "/") else { return nil }
    let path = own[...slash] + name
    return access(String(path), X_OK) == 0 ? String(path) : nil
}

/// Exit status of a child that has ended; nil while it runs.
private func exitStatus(_ pid: pid_t) -> Int32? {
    var status: Int32 = 0
    let reaped = waitpid(pid, &status, WNOHANG)
    if reaped == 0 { return nil }
    return reaped == pid ? cl_exit_status(status) : 0
}

/// A process in a session of its own that keeps nothing of ours open; nil when it could not be started.
private func spawnDetached(_ arguments: [String], searchPath: Bool, log: String) -> pid_t? {
    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for pointer in argv { free(pointer) } }
    let pid = cl_spawn_detached(&argv, searchPath ? 1 : 0, log)
    return pid > 0 ? pid : nil
}
