import TandemBase
import TandemEdits
import TandemProtocol

/// Which folders a request may name, and whose rights it has there.
struct EditAccess: Sendable {
    /// `access.roots`.
    var roots: [String]
    /// nil: the daemon's own.
    var rights: PeerRights?
    /// The home of the account whose rights these are is one of the folders.
    var addsHome = false
}

/// Where a plan's files are: below a folder of this host, or in the request itself. Reading blocks: not on the loop.
enum PlanTree: Sendable {
    case folder(RootHandle)
    /// By normalised path.
    case documents([String: [UInt8]])

    /// An open root that several tasks share.
    final class RootHandle: Sendable {
        let root: EditRoot
        /// Whose rights its files are read and written with; nil: the daemon's own.
        let rights: PeerRights?

        private init(_ root: consuming EditRoot, _ rights: PeerRights?) {
            self.root = root
            self.rights = rights
        }

        static func open(_ path: String, _ access: EditAccess) async throws(EditFault) -> RootHandle {
            try await onOwnThread(as: access.rights) { () -> Result<RootHandle, EditFault> in
                var roots = access.roots
                if access.addsHome, let home = access.rights.flatMap({ PeerRights.home(of: $0.uid) }) {
                    roots.append(home)
                }
                do throws(EditFault) {
                    return .success(RootHandle(try EditRoot(path, allowed: roots), access.rights))
                } catch {
                    return .failure(error)
                }
            }.get()
        }
    }

    @concurrent
    static func open(_ parameters: ExecuteParameters, _ access: EditAccess) async throws(RPCError) -> PlanTree {
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
            return .folder(try await RootHandle.open(root, access))
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

    /// Each file as it is, or why it cannot be edited.
    nonisolated func snapshot(of paths: [String]) async -> PlanResolution.Snapshot {
        guard rights != nil else { return images(of: paths) }
        do throws(EditFault) {
            return try await onOwnThread(as: rights) { images(of: paths) }
        } catch {
            return Dictionary(paths.map { ($0, .failure(error)) }) { first, _ in first }
        }
    }

    private func images(of paths: [String]) -> PlanResolution.Snapshot {
        var images: PlanResolution.Snapshot = [:]
        for path in paths where images[path] == nil {
            do throws(EditFault) {
                images[path] = .success(try read(path))
            } catch {
                images[path] = .failure(error)
            }
        }
        return images
    }

    var rights: PeerRights? { if case .folder(let handle) = self { handle.rights } else { nil } }

    var isFolder: Bool { if case .folder = self { true } else { false } }
}
