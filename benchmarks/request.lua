-- What wrk sends, and how it reports. Arguments: a file with one body a line, sent in turn by POST; without
-- one, GET. The report is one line of JSON, latencies in milliseconds.

local function send_in_turn(bodies)
  local requests, turn = {}, 0
  for number, body in ipairs(bodies) do
    requests[number] = wrk.format("POST", nil, wrk.headers, body)
  end
  function request()
    turn = turn % #requests + 1
    return requests[turn]
  end
end

function init(arguments)
  if arguments[1] == nil then
    return
  end
  local bodies = {}
  for body in io.lines(arguments[1]) do
    bodies[#bodies + 1] = body
  end
  wrk.headers["Content-Type"] = "application/json"
  if #bodies == 1 then
    -- wrk formats this once and sends the same bytes each time.
    wrk.method = "POST"
    wrk.body = bodies[1]
  else
    send_in_turn(bodies)
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  local report = 'REPORT {"requests": %d, "microseconds": %d, "bytes": %d, "p50": %.3f, "p99": %.3f, "failed": %d}'
  print(string.format(
    report, summary.requests, summary.duration, summary.bytes,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
