import CCrypto

/// SHA-256, for cache keys: 32 bytes.
package func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    let done = bytes.withUnsafeBytes { ccrypto_sha256($0.baseAddress, $0.count, &digest) }
    precondition(done == 1, "libcrypto has no SHA-256")
    return digest
}
