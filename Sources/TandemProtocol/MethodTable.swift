import TandemBase
import TandemJSON

/// The version of PROTOCOL.md that this daemon speaks.
package let protocolVersion = "1"

/// The methods that a daemon serves. A method that is not available does not exist for clients: it is not described
/// and answers -32601.
package struct MethodTable: Sendable {
    /// Every method there can be.
    package static let descriptions: [MethodDescription] =
        MethodDescription.modelWork + MethodDescription.questions + MethodDescription.administration

    /// Those available, in the order of `descriptions`.
    package let available: [MethodDescription]
    private let names: JSONNameTable

    package init(available methods: Set<Method>) {
        available = Self.descriptions.filter { methods.contains($0.method) }
        names = JSONNameTable(available.map(\.method.rawValue))
    }

    /// The method of that name (a string value). Throws -32601 with the nearest name.
    package func find(_ name: JSONValue) throws(RPCError) -> MethodDescription {
        if let index = names.index(of: name) { return available[index] }
        let text = name.string ?? ""
        throw .methodNotFound(text, didYouMean: nearestName(to: text, among: available.map(\.method.rawValue)))
    }

    /// The method and its params, checked. Throws -32601 or -32602.
    package func check(_ request: RPCRequest) throws(RPCError) -> MethodDescription {
        let description = try find(request.name)
        try description.params.checkParams(request.params)
        return description
    }
}
