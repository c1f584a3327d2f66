-- wrk -s wrk.lua <url> -- <file> <first id>: posts the bodies of the file in turn, each with an id of its own in the place of ten
-- nines, so that no event is a repeat of another. Prints one line of JSON at the end.
local PLACE = "9999999999"
local before = {}
local after = {}
local at = 0
local id = 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  id = tonumber(args[2])
  local headers = { ["content-type"] = "application/x-www-form-urlencoded" }
  while true do
    local length = file:read("*l")
    if not length then break end
    local whole = wrk.format("POST", nil, headers, file:read(tonumber(length)))
    local from, to = whole:find(PLACE, 1, true)
    before[#before + 1] = whole:sub(1, from - 1)
    after[#after + 1] = whole:sub(to + 1)
    file:read(1)
  end
  file:close()
end

function request()
  at = at % #before + 1
  id = id + 1
  return before[at] .. string.format("%010d", id) .. after[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"durationS":%f,"failed":%d,"broken":%d,"p50":%f,"p99":%f,"max":%f}\n',
    summary.requests, summary.duration / 1e6, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
