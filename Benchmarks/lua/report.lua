-- Prints what wrk measured as one JSON line, so that nothing has to be read from its prose.
function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"requests": %d, "seconds": %.6f, "rps": %.1f, "bytes": %d, "p50_us": %.1f, "p99_us": %.1f, ' ..
      '"max_us": %.1f, "errors": %d, "bad_statuses": %d}\n',
      summary.requests, summary.duration / 1e6, summary.requests / (summary.duration / 1e6), summary.bytes,
      latency:percentile(50), latency:percentile(99), latency.max,
      errors.connect + errors.read + errors.write + errors.timeout, errors.status))
end
