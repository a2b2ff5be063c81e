public import FreshetCore

/// What Torn's error codes mean.
///
/// Torn tells errors by a code in the body, historically with status 200, so the status is never looked at. Version 1 puts
/// the code below `error`, some answers of version 2 at the top.
public enum TornErrors {
    /// The rules, in order; the first that matches decides.
    public static let rules: [ErrorRule] =
        classes.flatMap { known in
            ["$.error.code", "$.code"].map { path in
                ErrorRule(
                    path: path, equals: Set(known.codes.map(String.init)), effect: known.effect,
                    duration: known.duration)
            }
        }
        // 0, 12, 15, 17 and codes that appear later: an error body is never taken for a document.
        + [ErrorRule(path: "$.error", effect: .retry)]

    private static let classes: [(codes: [Int], effect: FailureClass, duration: Duration?)] = [
        // Too many requests: 100 in a minute, whichever key of the user asks.
        ([5], .wait, .seconds(60)),
        // Empty or wrong: asking again with it leads to a ban of the address.
        ([1, 2], .disableKey, nil),
        // The owner is in federal jail, has been away for a week, or has paused the key.
        ([10, 13, 18], .parkKey, .seconds(6 * 3_600)),
        // The daily read limit.
        ([14], .parkKey, .seconds(3_600)),
        // The address is blocked.
        ([8], .stopSource, .seconds(3_600)),
        // The API is switched off, or closed for a while.
        ([9, 24], .maintenance, nil),
        // Wrong type, fields, id or relation; a key changed too often or of too low a level; selections that are not there.
        ([3, 4, 6, 7, 11, 16, 19, 20, 21, 22, 23], .permanent, nil),
    ]
}
