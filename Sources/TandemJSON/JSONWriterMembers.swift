// One line for the common members: a key and its value.
extension JSONWriter {
    package mutating func member(_ name: StaticString, _ value: StaticString) {
        member(name, quoted: UnsafeBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
    }

    @_disfavoredOverload
    package mutating func member(_ name: StaticString, _ value: String) {
        var value = value
        value.withUTF8 { member(name, quoted: $0) }
    }

    package mutating func member(_ name: StaticString, _ value: Int) {
        member(name, atMost: decimalCapacity) { writeDecimal(value, $0) }
    }

    @_disfavoredOverload
    package mutating func member(_ name: StaticString, _ value: some BinaryInteger) {
        key(name)
        int(value)
    }

    package mutating func member(_ name: StaticString, _ value: Double) {
        key(name)
        double(value)
    }

    /// A decimal fraction given in millionths, exact and with one place at least: 1500000 is `1.5`.
    package mutating func member(_ name: StaticString, millionths: Int) {
        member(name, atMost: decimalCapacity + 8) { writeMillionths(millionths, $0) }
    }

    package mutating func member(_ name: StaticString, _ value: Bool) {
        member(name, atMost: 5) { output in
            // Four letters that are a word in memory, and the fifth of "false" behind them.
            let letters: UInt32 = value ? 0x6575_7274 : 0x736C_6166
            UnsafeMutableRawPointer(output).storeBytes(of: letters.littleEndian, as: UInt32.self)
            output[4] = 0x65
            return value ? 4 : 5
        }
    }

    package mutating func member(_ name: StaticString, _ value: JSONValue) {
        key(name)
        self.value(value)
    }

    /// One valid JSON value, as it is.
    package mutating func member(_ name: StaticString, raw json: some Collection<UInt8>) {
        key(name)
        raw(json)
    }

    /// A list of strings.
    package mutating func member(_ name: StaticString, _ values: some Sequence<String>) {
        key(name)
        beginArray()
        for value in values { string(value) }
        endArray()
    }

    package mutating func member(_ name: StaticString, ifPresent value: String?) {
        if let value { member(name, value) }
    }

    package mutating func member(_ name: StaticString, ifPresent value: (some BinaryInteger)?) {
        if let value { member(name, value) }
    }

    package mutating func member(_ name: StaticString, ifPresent value: Double?) {
        if let value { member(name, value) }
    }

    package mutating func member(_ name: StaticString, ifPresent value: Bool?) {
        if let value { member(name, value) }
    }

    package mutating func member(_ name: StaticString, ifPresent value: JSONValue?) {
        if let value { member(name, value) }
    }
}
