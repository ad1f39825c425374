import TandemBase
import TandemJSON
import TandemProviders

// A reasoning as the disk keeps it; its age is kept beside it.
extension Reasoning {
    package var encoded: [UInt8] {
        var writer = JSONWriter(reserving: size + 128)
        writer.beginArray()
        for text in [forCoder, shown, provider, model] { writer.string(text) }
        writer.sparedCall(call)
        writer.endArray()
        return writer.bytes
    }

    /// Nil for what was not written by `encoded`.
    package init?(encoded bytes: [UInt8]) {
        guard let root = try? JSONDocument(bytes).root, root.count >= 4, let forCoder = root[0]?.string,
            let shown = root[1]?.string, let provider = root[2]?.string, let model = root[3]?.string
        else { return nil }
        self.init(
            forCoder: forCoder, shown: shown, provider: provider, model: model,
            call: SparedCall(elements: root, from: 4), saidAt: MonotonicTime(nanoseconds: 0))
    }
}
