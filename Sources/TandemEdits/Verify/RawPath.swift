import CLinux
import Glibc
import TandemBase

/// A path as the kernel has it: any bytes but NUL, whether they are text or not.
struct RawPath {
    /// With the NUL behind it.
    let bytes: [CChar]

    init(_ path: String) { bytes = Array(path.utf8CString) }
    private init(bytes: [CChar]) { self.bytes = bytes }

    func appending(_ name: [CChar]) -> RawPath { RawPath(bytes: bytes.dropLast() + [0x2F] + name) }

    /// For messages.
    var description: String { String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }

    func open(_ flags: Int32, mode: mode_t = 0) throws(SystemError) -> FileDescriptor {
        let raw = cl_open(bytes, flags, mode)
        guard raw >= 0 else { throw SystemError("open", description) }
        return FileDescriptor(owning: raw)
    }

    /// The names in a folder, each with the NUL behind it; nil for what is no folder or cannot be read.
    var entries: [[CChar]]? {
        let raw = cl_open(bytes, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0)
        guard raw >= 0, let stream = fdopendir(raw) else { return nil }
        defer { closedir(stream) }
        var names: [[CChar]] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1))
                }
            }
            if name != [0x2E, 0], name != [0x2E, 0x2E, 0] { names.append(name) }
        }
        return names
    }
}

/// Removes a folder with everything in it; links are removed, not followed.
func removeTree(_ path: RawPath) {
    for name in path.entries ?? [] {
        let inner = path.appending(name)
        if unlink(inner.bytes) != 0 { removeTree(inner) }
    }
    rmdir(path.bytes)
}
