import Glibc
import TandemBase
import TandemJSON
import TandemLoop
import TandemPolicy
import TandemProtocol
import TandemProviders
import TandemRPC
import TandemStore

extension Daemon {
    func status(_ request: PendingRequest) {
        request.respond { writer in
            writer.beginObject()
            writer.member("version", Self.version)
            writer.member("protocol", protocolVersion)
            writer.member("pid", Int(getpid()))
            writer.member("uptime_ms", (MonotonicTime.now() - startTime).wholeMilliseconds)
            writer.member("activated", isActivated)
            writer.key("config_path")
            if let path = configuration.files.first ?? configuration.path { writer.string(path) } else { writer.null() }
            writer.member("connections", server.connectionCount)
            writer.member("in_flight", runs.count)
            writer.key("providers")
            writer.beginArray()
            for provider in providers.providers {
                writer.beginObject()
                writer.members(of: provider)
                writer.endObject()
            }
            writer.endArray()
            writer.caches(caches)
            writer.budget(admission)
            writer.member("memory_bytes", residentBytes())
            let database = store.status
            writer.key("database")
            writer.beginObject()
            writer.member("path", database.path)
            writer.member("bytes", database.bytes)
            writer.member("unrecorded", database.unrecorded)
            writer.member("failure", ifPresent: database.failure)
            writer.endObject()
            writer.endObject()
        }
    }

    private func residentBytes() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 128)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return 0 }
        let fields = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }
}
