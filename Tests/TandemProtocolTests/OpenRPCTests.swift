import TandemJSON
import TandemProtocol
import Testing

/// The rules of https://spec.open-rpc.org that a document of ours can break.
struct OpenRPCTests {
    private let document: JSONValue

    init() throws {
        document = try JSONDocument(MethodTable(available: Set(Method.allCases)).openRPCDocument()).root
    }

    @Test func hasTheRequiredMembers() throws {
        #expect(document.duplicateKey == nil)
        #expect(document["openrpc"]?.string?.hasPrefix("1.") == true)
        #expect(document["info"]?["title"]?.string?.isEmpty == false)
        #expect(document["info"]?["version"]?.string == protocolVersion)
        let methods = try #require(document["methods"])
        #expect(methods.elements.map { $0["name"]?.string } == MethodTable.descriptions.map { $0.method.rawValue })
        for method in methods.elements {
            #expect(method["summary"]?.string?.hasSuffix(".") == true)
            #expect(method["paramStructure"]?.string == "by-name")
            let params = try #require(method["params"])
            #expect(params.kind == .array)
            var optionalSeen = false
            for parameter in params.elements {
                #expect(parameter["name"]?.string?.isEmpty == false)
                #expect(parameter["schema"]?.kind == .object)
                let isRequired = parameter["required"]?.bool == true
                #expect(parameter["required"]?.bool != nil)
                #expect(!(isRequired && optionalSeen))
                optionalSeen = optionalSeen || !isRequired
            }
            if method["name"]?.string != "$/cancelRequest" {
                #expect(method["result"]?["name"]?.string == "result")
                #expect(method["result"]?["schema"]?.kind == .object)
            } else {
                #expect(method["result"] == nil)
            }
        }
    }

    /// What the check refuses the document does not promise.
    @Test func integersHaveTheirBounds() throws {
        let chat = try #require(document["methods"]?.elements.first { $0["name"]?.string == "chat" })
        func schema(_ name: String) -> JSONValue? {
            chat["params"]?.elements.first { $0["name"]?.string == name }?["schema"]
        }
        #expect(schema("max_tokens")?["minimum"]?.int == 1 && schema("max_tokens")?["maximum"]?.int == maxExactInteger)
        #expect(schema("seed")?["type"]?.string == "integer" && schema("seed")?["maximum"] == nil)
    }

    @Test func referencesLeadSomewhere() throws {
        var references: Set<String> = []
        func collect(_ value: JSONValue) {
            for (key, inner) in value.members {
                if key == "$ref", let target = inner.string { references.insert(target) }
                collect(inner)
            }
            for element in value.elements { collect(element) }
        }
        collect(document)
        #expect(references.count > ErrorCode.all.count / 2)
        for reference in references {
            let parts = reference.split(separator: "/").map(String.init)
            #expect(parts.first == "#")
            #expect(parts.dropFirst().reduce(document as JSONValue?) { $0?[$1] } != nil, "\(reference)")
        }
        for (name, error) in document["components"]?["errors"].map({ Array($0.members) }) ?? [] {
            #expect(error["code"]?.int != nil && error["message"]?.string == name)
        }
    }

    @Test func schemasAreJSONSchema() {
        let types: Set = ["boolean", "string", "integer", "number", "array", "object", "null"]
        func check(_ schema: JSONValue) {
            if let type = schema["type"] { #expect(types.contains(type.string ?? "")) }
            if schema["type"]?.string == "array" { #expect(schema["items"]?.kind == .object) }
            for (_, inner) in schema["properties"].map({ Array($0.members) }) ?? [] { check(inner) }
            for inner in schema["anyOf"].map({ Array($0.elements) }) ?? [] { check(inner) }
            if let items = schema["items"] { check(items) }
        }
        for (_, schema) in document["components"]?["schemas"].map({ Array($0.members) }) ?? [] { check(schema) }
        for method in document["methods"].map({ Array($0.elements) }) ?? [] {
            for parameter in method["params"].map({ Array($0.elements) }) ?? [] {
                if let schema = parameter["schema"] { check(schema) }
            }
        }
    }

    @Test func promisesNothingThatIsNotThere() throws {
        let small = try JSONDocument(MethodTable(available: [.ping]).openRPCDocument()).root
        #expect(small["methods"]?.elements.map { $0["name"]?.string } == ["ping"])
        #expect(small["components"]?["schemas"]?.count == 0)
    }
}
