/// A plan as EDITS.md defines it: what a planner writes, a person reviews and `executePlan` carries out.
package struct EditPlan: Sendable, Hashable {
    package var rootCause: String?
    package var strategy: String?
    package var edits: [PlannedEdit]

    package init(rootCause: String? = nil, strategy: String? = nil, edits: [PlannedEdit]) {
        self.rootCause = rootCause
        self.strategy = strategy
        self.edits = edits
    }
}

/// One edit of one file. The path is relative to the root, without `..`.
package struct PlannedEdit: Sendable, Hashable {
    package var file: String
    package var operation: EditOperation

    package init(_ file: String, _ operation: EditOperation) {
        self.file = file
        self.operation = operation
    }
}

package enum EditOperation: Sendable, Hashable {
    case replace(Replacement)
    case addImport([UInt8])
    case addLine([UInt8], LinePosition)
    case removeLine([UInt8])
    case modelEdit(action: String, region: LineRegion?)
    case create([UInt8])
    case delete
    case rename(to: String)

    /// The plan's `type`.
    package var name: String {
        switch self {
        case .replace: "replace"
        case .addImport: "add_import"
        case .addLine: "add_line"
        case .removeLine: "remove_line"
        case .modelEdit: "model_edit"
        case .create: "create"
        case .delete: "delete"
        case .rename: "rename"
        }
    }
}

package struct Replacement: Sendable, Hashable {
    /// How many matches there must be.
    package enum Expected: Sendable, Hashable {
        case count(Int)
        case all
    }

    package var find: [UInt8]
    package var replace: [UInt8]
    package var expected: Expected
    /// A 1-based line near which the match is meant to be.
    package var lineHint: Int?

    package init(find: [UInt8], replace: [UInt8], expected: Expected = .count(1), lineHint: Int? = nil) {
        self.find = find
        self.replace = replace
        self.expected = expected
        self.lineHint = lineHint
    }
}

package enum LinePosition: Sendable, Hashable {
    case start, end
    case after([UInt8])
    case before([UInt8])
}

/// 1-based lines, both ends included.
package struct LineRegion: Sendable, Hashable {
    package var start: Int
    package var end: Int

    package init(start: Int, end: Int) {
        self.start = start
        self.end = end
    }
}

/// How the edits of a plan are carried out.
package enum EditMode: String, Sendable, CaseIterable {
    case adaptive, hybrid, sequential
}
