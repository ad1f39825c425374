import TandemJSON

/// What a call used and cost whose answer was used once more.
package struct SparedCall: Hashable, Sendable {
    package var usage: Usage
    /// USD; nil where the price is unknown.
    package var cost: Double?

    package init(usage: Usage, cost: Double?) {
        self.usage = usage
        self.cost = cost
    }

    package init(_ step: StepTrace) { self.init(usage: step.usage, cost: step.cost) }

    /// As `JSONWriter.sparedCall` wrote it; what is missing counts nothing.
    package init(elements array: JSONValue, from index: Int) {
        var usage = Usage()
        usage.promptTokens = array[index]?.int ?? 0
        usage.cachedTokens = array[index + 1]?.int ?? 0
        usage.completionTokens = array[index + 2]?.int ?? 0
        self.init(usage: usage, cost: array[index + 3]?.double)
    }
}

extension JSONWriter {
    /// Four elements of an array.
    package mutating func sparedCall(_ call: SparedCall) {
        int(call.usage.promptTokens)
        int(call.usage.cachedTokens)
        int(call.usage.completionTokens)
        if let cost = call.cost { double(cost) } else { null() }
    }
}
