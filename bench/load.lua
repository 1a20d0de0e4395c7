-- For wrk: sends requests chosen at random from a file, one a line (path, tab, Authorization or
-- nothing), and tells at the end, as JSON, what came of it.
local requests = {}

function init(args)
  math.randomseed(os.time())
  for line in io.lines(args[1]) do
    local path, authorization = line:match('^(%S+)\t(.*)$')
    local headers = {}
    if authorization ~= '' then headers['Authorization'] = authorization end
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
