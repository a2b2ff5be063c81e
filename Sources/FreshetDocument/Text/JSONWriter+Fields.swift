extension JSONWriter {
    /// Writes a member with a text, or `null`.
    public mutating func field(_ name: String, _ value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    /// Writes a member with an integer, or `null`.
    public mutating func field(_ name: String, _ value: Int?) {
        key(name)
        if let value { int(value) } else { null() }
    }

    /// Writes a member with `true`, `false` or `null`.
    public mutating func field(_ name: String, _ value: Bool?) {
        key(name)
        if let value { bool(value) } else { null() }
    }

    /// Writes a member with a floating-point number, or `null`.
    public mutating func field(_ name: String, _ value: Double?) {
        key(name)
        if let value { double(value) } else { null() }
    }

    /// Writes a member whose value is JSON already.
    public mutating func field(_ name: String, raw value: some Collection<UInt8>) {
        key(name)
        raw(value)
    }
}
