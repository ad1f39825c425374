import TandemBase
import TandemEdits
import TandemProtocol

/// Where a plan's files are: below a folder of this host, or in the request itself. Reading blocks: not on the loop.
enum PlanTree: Sendable {
    case folder(RootHandle)
    /// By normalised path.
    case documents([String: [UInt8]])

    /// An open root that several tasks share.
    final class RootHandle: Sendable {
        let root: EditRoot

        init(_ root: consuming EditRoot) { self.root = root }
    }

    /// - Parameter allowed: `access.roots`.
    @concurrent
    static func open(_ parameters: ExecuteParameters, allowed: [String]) async throws(RPCError) -> PlanTree {
        if let documents = parameters.documents {
            var files: [String: [UInt8]] = [:]
            for (index, document) in documents.enumerated() {
                guard case .success(let path) = RelativePath.normalized(document.path) else {
                    throw .invalidParams(
                        path: jsonPointerOfDocument(index), expected: "a relative path without ..",
                        "`\(jsonPointerOfDocument(index))` is not a relative path inside the tree: name the file from its root."
                    )
                }
                guard files.updateValue(document.content, forKey: path) == nil else {
                    throw .invalidParams(
                        path: jsonPointerOfDocument(index), expected: "another path",
                        "`\(path)` stands in `documents` twice: send each file once.")
                }
            }
            return .documents(files)
        }
        guard let root = parameters.root else {
            throw .invalidParams(path: "/root", expected: "a folder", "`root` is missing: name the folder to edit.")
        }
        do throws(EditFault) {
            return .folder(RootHandle(try EditRoot(root, allowed: allowed)))
        } catch {
            switch error.kind {
            case .forbidden: throw .forbidden(reason: "root", "\(error.message).")
            default:
                throw .invalidParams(
                    path: "/root", expected: "an absolute path of a folder that exists", "\(error.message).")
            }
        }
    }

    private static func jsonPointerOfDocument(_ index: Int) -> String { "/documents/\(index)/path" }

    /// A file as it is; nil when there is none.
    func read(_ path: String) throws(EditFault) -> EditRoot.Image? {
        switch self {
        case .folder(let handle): try handle.root.read(path)
        case .documents(let files): files[path].map { EditRoot.Image(bytes: $0, mode: 0o644) }
        }
    }

    var isFolder: Bool { if case .folder = self { true } else { false } }
}
