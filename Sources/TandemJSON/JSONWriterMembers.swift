// One line for the common members: a key and its value.
extension JSONWriter {
    package mutating func member(_ name: StaticString, _ value: StaticString) {
        key(name)
        string(value)
    }

    @_disfavoredOverload
    package mutating func member(_ name: StaticString, _ value: String) {
        key(name)
        string(value)
    }

    package mutating func member(_ name: StaticString, _ value: Int) {
        key(name)
        int(value)
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

    package mutating func member(_ name: StaticString, _ value: Bool) {
        key(name)
        bool(value)
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
