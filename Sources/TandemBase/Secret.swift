/// A value that must never be shown: keys and tokens. Printing, reflecting or interpolating it gives `<redacted>`;
/// the one way to the bytes is `reveal`, whose name is easy to find in a review.
package struct Secret: Sendable, Hashable {
    private let value: String

    package init(_ value: String) { self.value = value }

    /// Lends the value for as long as the closure runs.
    package func reveal<Result>(_ body: (String) throws -> Result) rethrows -> Result { try body(value) }

    package var isEmpty: Bool { value.isEmpty }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
