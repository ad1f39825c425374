import TandemProtocol
import Testing

private func id(_ prefix: String) -> String? {
    readRequestID(inPrefix: Array(prefix.utf8)).map { String(decoding: $0.raw, as: UTF8.self) }
}

@Suite struct RequestIDScanTests {
    @Test func theTopLevelIDIsFoundWhereverItStands() {
        #expect(id(#"{"jsonrpc":"2.0","id":7,"params":{"x":"yyy"#) == "7")
        #expect(id(#" { "params" : {"id":1,"a":["id",{"id":2}]} , "id" : "a\"b" , "m"#) == #""a\"b""#)
        #expect(id(#"{"id":null,"x"#) == "null")
    }

    @Test func whatIsCutOffOrNoIDIsNotGuessed() {
        for prefix in [
            "", "{", #"{"id""#, #"{"id":"#, #"{"id":12"#, #"{"id":"ab"#, #"{"id":true,"#, #"{"id":{"id":1},"#,
            #"[{"id":1}"#, #"{"x":"\"id\":1,"#, #"{"x":"id","y":1,"#, #"{"params":{"id":1"#,
        ] { #expect(id(prefix) == nil, "\(prefix)") }
    }
}
