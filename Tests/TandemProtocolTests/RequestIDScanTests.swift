import Testing

@testable import TandemProtocol

/// The id that is found, whatever the pieces in which the message comes.
private func id(_ message: String) -> String? {
    let bytes = Array(message.utf8)
    var whole = RequestIDScan()
    whole.feed(bytes[...])
    var single = RequestIDScan()
    for index in bytes.indices { single.feed(bytes[index...index]) }
    #expect(single.id == whole.id && single.isOver == whole.isOver)
    return whole.id.map { String(decoding: $0.raw, as: UTF8.self) }
}

@Suite struct RequestIDScanTests {
    @Test func theTopLevelIDIsFoundWhereverItStands() {
        #expect(id(#"{"jsonrpc":"2.0","id":7,"params":{"x":"yyy"#) == "7")
        #expect(id(#" { "params" : {"id":1,"a":["id",{"id":2}]} , "id" : "a\"b" , "m"#) == #""a\"b""#)
        #expect(id(#"{"id":null,"x"#) == "null")
        #expect(id(#"{"params":{"id":"no,}"},"id" : -1.50}"#) == "-1.50")
    }

    @Test func whatIsCutOffOrNoIDIsNotGuessed() {
        for prefix in [
            "", "{", #"{"id""#, #"{"id":"#, #"{"id":12"#, #"{"id":"ab"#, #"{"id":true,"#, #"{"id":{"id":1},"#,
            #"[{"id":1}"#, #"{"x":"\"id\":1,"#, #"{"x":"id","y":1,"#, #"{"params":{"id":1"#,
        ] { #expect(id(prefix) == nil, "\(prefix)") }
    }
}
