-- For wrk: sends requests chosen at random from a file, one a line (path, tab, name of a header or
-- nothing, tab, its value), and prints the counts as JSON at the end.
local requests = {}

function init(args)
  math.randomseed(os.time())
  for line in io.lines(args[1]) do
    local path, name, value = line:match('^(%S+)\t(%S*)\t(.*)$')
    local headers = {}
    if name ~= '' then headers[name] = value end
    requests[#requests + 1] = wrk.format('GET', path, headers)
  end
end

function request()
  return requests[math.random(#requests)]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    'RESULT {"requests":%d,"seconds":%f,"bytes":%d,"refused":%d,"broken":%d,"p99":%f}',
    summary.requests,
    summary.duration / 1e6,
    summary.bytes,
    errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(99) / 1e3
  ))
end
