import TandemBase
import TandemEdits
import TandemJSON
import TandemProtocol

/// What plan, executePlan and solve have in common to say, already checked against the method table.
struct ExecuteParameters: Sendable {
    enum Verification: Sendable, Hashable {
        case none, syntax, model
        case configured(String)
    }

    /// A folder on this host.
    var root: String?
    /// Files that come with the request instead, by path, in the request's order.
    var documents: [(path: String, content: [UInt8])]?
    var mode: EditMode
    var isDryRun: Bool
    var verification: Verification
    /// on_conflict: apply what resolves and report the rest.
    var skipsConflicts: Bool
    /// SHA-256 that files must have, by path.
    var base: [(path: String, hash: String)]
    var idempotencyKey: String?
    var streams: Bool
    var user: String
    var timeout: TimeSpan?
    var isDetached: Bool
    var metadata: [UInt8]

    init(_ params: JSONValue, defaultMode: EditMode) {
        root = params["root"]?.string
        documents = params["documents"].flatMap { list in
            list.kind != .array
                ? nil : list.elements.map { ($0["path"]?.string ?? "", $0["content"]?.utf8 ?? []) }
        }
        mode = params["mode"]?.string.flatMap { EditMode(rawValue: $0) } ?? defaultMode
        isDryRun = params["dry_run"]?.bool ?? false
        switch params["verify"]?.string {
        case "none": verification = .none
        case "syntax", nil: verification = .syntax
        case "model": verification = .model
        case let name?: verification = .configured(name)
        }
        skipsConflicts = params["on_conflict"]?.isString("skip") ?? false
        base =
            params["base"]?.members.map { name, hash in
                ((try? RelativePath.normalized(name).get()) ?? name, hash.string ?? "")
            } ?? []
        idempotencyKey = params["idempotency_key"]?.string
        streams = params["stream"]?.bool ?? false
        user = params["user"]?.string ?? ""
        timeout = params["timeout_ms"]?.double.map { TimeSpan(nanoseconds: Int64(min($0, 1e12) * 1_000_000)) }
        isDetached = params["detach"]?.bool ?? false
        metadata = params["metadata"].map { Array($0.raw) } ?? []
    }

    /// A hash of what the request means, everything but how its answer is delivered; nil without an idempotency key.
    @concurrent
    func hash(_ params: JSONValue) async -> String? {
        guard idempotencyKey != nil else { return nil }
        var writer = JSONWriter()
        writer.beginObject()
        for (name, value) in params.members
        where !["stream", "timeout_ms", "metadata", "detach", "idempotency_key"].contains(name) {
            writer.key(name)
            writer.canonical(value)
        }
        writer.endObject()
        let canonical = (try? JSONDocument(writer.bytes))?.root.canonicalBytes ?? writer.bytes
        return Digest.sha256(canonical)
    }
}
