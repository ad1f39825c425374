import CLinux
import Glibc

/// A failed system call: which one, on what, and errno.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    package var call: String
    package var subject: String
    package var code: Int32

    package init(_ call: String, _ subject: String = "", code: Int32 = cl_errno()) {
        self.call = call
        self.subject = subject
        self.code = code
    }

    package var reason: String { String(cString: strerror(code)) }

    package var description: String { subject.isEmpty ? "\(call): \(reason)" : "\(call) \(subject): \(reason)" }
}
