/// Something in the configuration that cannot be used, and where.
package struct ConfigurationFault: Error, Hashable, Sendable {
    /// Path of the file; "environment" for a variable.
    package var file: String
    /// Counted from 1; 0 where the fault is the file itself.
    package var line: Int
    /// Counted from 1, in characters.
    package var column: Int
    /// Dotted, as in `providers.groq.kind`; empty for a syntax error.
    package var key: String
    /// What was expected. Never the value of a key that may hold a secret.
    package var message: String
    /// The name that was probably meant.
    package var suggestion: String?

    package init(
        file: String, line: Int = 0, column: Int = 0, key: String = "", message: String, suggestion: String? = nil
    ) {
        self.file = file
        self.line = line
        self.column = column
        self.key = key
        self.message = message
        self.suggestion = suggestion
    }
}

extension ConfigurationFault: CustomStringConvertible {
    /// `file:line:column: key: message; did you mean "x"?`, without the parts that do not apply.
    package var description: String {
        var text = line > 0 ? "\(file):\(line):\(column): " : "\(file): "
        if !key.isEmpty { text += "\(key): " }
        text += message
        if let suggestion { text += "; did you mean \"\(suggestion)\"?" }
        return text
    }
}

/// Every fault of a configuration that was refused, in the order of files, lines and columns; never empty.
package struct ConfigurationFaults: Error, Hashable, Sendable, CustomStringConvertible {
    package var faults: [ConfigurationFault]

    package init(_ faults: [ConfigurationFault]) { self.faults = faults }

    package var description: String { faults.map(\.description).joined(separator: "\n") }
}
