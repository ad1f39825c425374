import Glibc
import TandemBase

/// What a model needs in memory, and what there is.
enum LlamaMemory {
    /// Beside the weights: context, buffers, the program.
    private static let overheadBytes = 256 << 20

    /// Bytes for a model file: its size, a tenth more and the overhead. 0 where there is no such file.
    static func need(modelPath: String?) -> Int {
        var status = stat()
        guard let modelPath, stat(modelPath, &status) == 0 else { return 0 }
        return Int(status.st_size) / 10 * 11 + overheadBytes
    }

    /// Bytes that another server may take. Weights that are mapped from their file are counted as available by the
    /// kernel, for it could drop them; but then the running servers would read them again and again, so theirs are
    /// taken off.
    static func available(servers: [pid_t]) -> Int {
        let mapped = servers.reduce(0) { $0 + (kibibytes("RssFile:", in: "/proc/\($1)/status") ?? 0) }
        return ((kibibytes("MemAvailable:", in: "/proc/meminfo") ?? 0) - mapped) * 1024
    }

    private static func kibibytes(_ name: String, in path: String) -> Int? {
        guard let file = try? FileDescriptor.open(path, O_RDONLY) else { return nil }
        var buffer = [UInt8](repeating: 0, count: 16384)
        let count = read(file.raw, &buffer, buffer.count)
        guard count > 0 else { return nil }
        for line in String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n") where line.hasPrefix(name)
        {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        }
        return nil
    }
}
