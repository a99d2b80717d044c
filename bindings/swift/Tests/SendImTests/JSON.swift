import Foundation

/// A value of the scenario file.
enum JSON: Decodable, Hashable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let string = try? value.decode(String.self) {
            self = .string(string)
        } else if let array = try? value.decode([JSON].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: JSON].self))
        }
    }

    static func optional(_ string: String?) -> JSON {
        string.map(JSON.string) ?? .null
    }

    subscript(_ name: String) -> JSON? { object?[name] }

    var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
    var int: Int? { if case .number(let number) = self { Int(number) } else { nil } }
    var string: String? { if case .string(let string) = self { string } else { nil } }
    var array: [JSON]? { if case .array(let array) = self { array } else { nil } }
    var object: [String: JSON]? { if case .object(let object) = self { object } else { nil } }

    /// The same as JSON text.
    var text: String {
        let value = try? JSONSerialization.data(withJSONObject: plain, options: .fragmentsAllowed)
        return String(decoding: value ?? Data(), as: UTF8.self)
    }

    private var plain: Any {
        switch self {
        case .null: NSNull()
        case .bool(let bool): bool
        case .number(let number): number == number.rounded() ? Int(number) as Any : number as Any
        case .string(let string): string
        case .array(let array): array.map(\.plain)
        case .object(let object): object.mapValues(\.plain)
        }
    }

    /// The members of `given` go before ours, object by object.
    func merged(with given: JSON) -> JSON {
        guard case .object(let ours) = self, case .object(let theirs) = given, theirs["repeat"] == nil else {
            return given
        }
        return .object(ours.merging(theirs) { $0.merged(with: $1) })
    }

    /// With long texts written out.
    var expanded: JSON {
        switch self {
        case .object(let object):
            if let part = object["repeat"]?.string, let times = object["times"]?.int {
                return .string(String(repeating: part, count: times))
            }
            return .object(object.mapValues(\.expanded))
        case .array(let array): return .array(array.map(\.expanded))
        default: return self
        }
    }

    /// With the number of a message in place of `{n}`.
    func numbered(_ number: Int) -> JSON {
        switch self {
        case .string(let string): .string(string.replacingOccurrences(of: "{n}", with: String(number)))
        case .object(let object): .object(object.mapValues { $0.numbered(number) })
        default: self
        }
    }
}
