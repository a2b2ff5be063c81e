public import FreshetCore
import FreshetEngine
import Glibc
public import Logging

/// Makes the logger of a process.
public enum LogSetup {
    /// A logger as the `logs:` section says.
    ///
    /// - Returns: The logger, and a sentence when the log file cannot be used (standard error still gets everything).
    public static func logger(_ config: LogConfig, label: String = "freshet") -> (logger: Logger, problem: String?) {
        var (file, problem) = (LogFile?.none, String?.none)
        if let path = config.file {
            file = LogFile(path: path, rotateBytes: config.rotateBytes, keepFiles: config.keepFiles)
            if file == nil {
                problem =
                    "the log file \(path) cannot be opened (\(String(cString: strerror(errno)))); "
                    + "logs go to standard error only; mend logs.file or its permissions"
            }
        }
        let (level, asText, opened) = (Logger.Level(rawValue: config.level) ?? .info, isatty(STDERR_FILENO) == 1, file)
        let logger = Logger(label: label) { label in
            FreshetLogHandler(label: label, level: level, asText: asText, file: opened, now: { SystemClock().now() })
        }
        return (logger, problem)
    }

    /// Writes reads down where the `logs:` section asks for it.
    static func logReads(of engine: Engine, _ config: LogConfig, logger: Logger) {
        guard let path = config.reads else { return }
        guard let file = LogFile(path: path, rotateBytes: config.rotateBytes, keepFiles: config.keepFiles) else {
            return logger.error(
                "the read log \(path) cannot be opened (\(String(cString: strerror(errno)))); reads are not written down; mend logs.reads"
            )
        }
        engine.logReads(file.write)
    }
}
